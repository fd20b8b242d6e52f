"""What the kinds of problems mean, in both languages."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of problem: its status and its advice."""

    status: int
    title_en: str
    title_zh: str
    advice_en: str
    advice_zh: str


KINDS: dict[str, Kind] = {
    "malformed": Kind(
        status=400,
        title_en="Malformed request",
        title_zh="请求无法读取",
        advice_en=(
            "The request cannot be read: its JSON or its framing is broken. Repair it; repeating it"
            " unchanged does not help."
        ),
        advice_zh="请求的 JSON 或报文结构有误，服务无法读取。请修正后再发送，原样重发没有用处。",
    ),
    "unauthenticated": Kind(
        status=401,
        title_en="Not authenticated",
        title_zh="未通过身份验证",
        advice_en=(
            "The request carries no valid access token or API key. Get a token at POST"
            " /oauth/token."
        ),
        advice_zh="请求没有携带有效的访问令牌或 API 密钥。请通过 POST /oauth/token 获取令牌。",
    ),
    "forbidden": Kind(
        status=403,
        title_en="Not allowed",
        title_zh="没有权限",
        advice_en=(
            "The token is valid but does not give the right to do this: a scope, a unit or an"
            " approval limit is missing."
        ),
        advice_zh="令牌有效，但没有执行此操作的权限：缺少权限范围、组织单位或审批额度。",
    ),
    "not-found": Kind(
        status=404,
        title_en="Not found",
        title_zh="未找到",
        advice_en="There is no such resource, or it lies outside what this token may see.",
        advice_zh="资源不存在，或不在该令牌可见的范围之内。",
    ),
    "method-not-allowed": Kind(
        status=405,
        title_en="Method not allowed",
        title_zh="不支持该方法",
        advice_en=(
            "This path does not know this method; the Allow header names those that it knows."
        ),
        advice_zh="该路径不支持此请求方法；Allow 响应头列出了可用的方法。",
    ),
    "not-acceptable": Kind(
        status=406,
        title_en="Not acceptable",
        title_zh="无法提供所要求的格式",
        advice_en="None of the formats that the Accept header names can be given.",
        advice_zh="无法提供 Accept 请求头所要求的任何一种格式。",
    ),
    "request-timeout": Kind(
        status=408,
        title_en="The body came too slowly",
        title_zh="请求体传输过慢",
        advice_en=(
            "The request body did not arrive in time. Send it again, on a faster connection or in"
            " parts."
        ),
        advice_zh="请求体未能及时到达。请换用更快的连接，或分批重新发送。",
    ),
    "conflict": Kind(
        status=409,
        title_en="Conflict",
        title_zh="与当前状态冲突",
        advice_en=(
            "The request does not fit the present state of the resource. Read it again and decide"
            " anew."
        ),
        advice_zh="请求与资源的当前状态不符。请重新读取资源，再决定如何处理。",
    ),
    "gone": Kind(
        status=410,
        title_en="Gone",
        title_zh="资源已不再保留",
        advice_en="The resource was here once and is not kept any longer.",
        advice_zh="该资源曾经存在，现已不再保留。",
    ),
    "precondition-failed": Kind(
        status=412,
        title_en="Changed meanwhile",
        title_zh="资源已被修改",
        advice_en=(
            "The resource changed since it was read: read it again, then repeat the change with its"
            " new ETag."
        ),
        advice_zh="资源在读取之后已被修改。请重新读取，并使用新的 ETag 重复修改。",
    ),
    "too-large": Kind(
        status=413,
        title_en="Too large",
        title_zh="请求体过大",
        advice_en=(
            "The request body is larger than this operation accepts. Send it in parts or as an"
            " import."
        ),
        advice_zh="请求体超过该操作允许的大小。请分批发送，或使用导入功能。",
    ),
    "unsupported-media-type": Kind(
        status=415,
        title_en="Unsupported media type",
        title_zh="不支持的内容类型",
        advice_en="The body's content type is missing or not one that this operation reads.",
        advice_zh="缺少内容类型，或该操作不接受这种内容类型。",
    ),
    "invalid": Kind(
        status=422,
        title_en="Invalid input",
        title_zh="输入无效",
        advice_en=(
            "The input was understood but breaks a rule of its schema or of the business; `errors`"
            " says where."
        ),
        advice_zh="输入可以读取，但违反了格式或业务规则；errors 字段指出具体位置。",
    ),
    "precondition-required": Kind(
        status=428,
        title_en="If-Match required",
        title_zh="需要 If-Match",
        advice_en=(
            "This change needs an If-Match header with the ETag of the version that it is based on."
        ),
        advice_zh="此修改需要在 If-Match 请求头中给出所依据版本的 ETag。",
    ),
    "too-many-requests": Kind(
        status=429,
        title_en="Limit used up",
        title_zh="请求次数已达上限",
        advice_en="The client used up its limit; Retry-After says when to go on.",
        advice_zh="客户端的请求次数已达上限；Retry-After 说明何时可以继续。",
    ),
    "headers-too-large": Kind(
        status=431,
        title_en="Headers too large",
        title_zh="请求头过大",
        advice_en="The request's headers are larger than the server accepts.",
        advice_zh="请求头超过服务器允许的大小。",
    ),
    "internal": Kind(
        status=500,
        title_en="Our mistake",
        title_zh="服务内部错误",
        advice_en=(
            "Something went wrong on our side. The request id in `instance` finds it in the log."
        ),
        advice_zh="服务内部发生错误。可用 instance 中的请求编号在日志中查找。",
    ),
    "bad-gateway": Kind(
        status=502,
        title_en="The service broke off",
        title_zh="后端服务中断",
        advice_en=(
            "A service behind the gateway broke off. Repeat reads at once, writes with the same"
            " Idempotency-Key."
        ),
        advice_zh="网关之后的服务中断了连接。读取可立即重试；"
        "写入请使用相同的 Idempotency-Key 重试。",
    ),
    "unavailable": Kind(
        status=503,
        title_en="Not available at the moment",
        title_zh="暂时不可用",
        advice_en=(
            "Something this operation cannot do without is not answering; repeat it after"
            " Retry-After."
        ),
        advice_zh="该操作所依赖的部分暂时没有响应；请在 Retry-After 之后重试。",
    ),
    "gateway-timeout": Kind(
        status=504,
        title_en="No answer in time",
        title_zh="未能及时响应",
        advice_en=(
            "A service behind the gateway did not answer in time. The change may have been made:"
            " repeat it with the same Idempotency-Key, or look."
        ),
        advice_zh=(
            "网关之后的服务没有及时响应。修改可能已经生效："
            "请使用相同的 Idempotency-Key 重试，或先查询。"
        ),
    ),
}
BY_STATUS = {kind.status: kind for kind in KINDS.values()}
