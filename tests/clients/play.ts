// A customer, an order, a complaint and a contact, by the client that openapi-typescript makes of the public contract; without a cast.
import createClient from "openapi-fetch";

import type { paths } from "./guanxi.js";

const { GUANXI_URL: baseUrl, GUANXI_TOKEN: token } = process.env;
if (!baseUrl || !token) throw new Error("GUANXI_URL and GUANXI_TOKEN say whom to ask, and as whom");
const api = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

type Answer<Data> = { data?: Data; error?: unknown; response: Response };

async function answered<Data>(asked: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await asked;
  if (data === undefined) throw new Error(`${response.status} at ${response.url}: ${JSON.stringify(error)}`);
  return data;
}

const customer = await answered(
  api.POST("/v1/customers", {
    body: {
      kind: "individual",
      name: "林晓梅",
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      identifiers: [{ type: "phone", value: "+86 139 1234 5678" }],
      facts: { basic: { profession: "music teacher", addresses: ["广州"] } },
      source: { kind: "contact", learned: "asked" },
    },
  }),
);
const order = await answered(
  api.POST("/v1/transactions", {
    body: { customer_id: customer.id, occurred_at: new Date(Date.now() - 60_000).toISOString(), amount: { amount: "198.00", currency: "CNY" } },
  }),
);
const queue = await answered(api.POST("/v1/queues", { body: { name: "Hotline of the TypeScript client", channels: ["voice"] } }));
await answered(api.POST("/v1/entry-points", { body: { channel: "voice", address: "95001", queue_id: queue.id } }));
const contact = await answered(api.POST("/v1/contacts", { body: { channel: "voice", from: "+8613912345678", to: "95001" } }));
const complaint = await answered(
  api.POST("/v1/complaints", { body: { customer_id: customer.id, contact_id: contact.id, channel: "voice", title: "The wrong edition came" } }),
);
const acknowledged = await answered(
  api.POST("/v1/complaints/{complaint_id}/acknowledgement", {
    params: { path: { complaint_id: complaint.id } },
    body: { message: "We are on it." },
  }),
);
const read = await answered(api.GET("/v1/customers/{customer_id}", { params: { path: { customer_id: customer.id } } }));
const found = await answered(api.GET("/v1/customers", { params: { query: { q: "林晓梅", limit: 10 } } }));

if (read.facts.basic.profession !== "music teacher") throw new Error("the fact that was sent is not the one that is read");
if (!found.items.some((each) => each.id === customer.id)) throw new Error("the customer is not found by name");
if (acknowledged.state === "received") throw new Error("the complaint has not moved");
console.log(`TypeScript: customer ${read.name}, order ${order.amount.amount}, complaint ${complaint.number}, contact ${contact.state}`);
