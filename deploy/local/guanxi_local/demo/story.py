"""Plays the story of the main job against a running instance,
over the gateway's public API alone.
"""

import time
from pathlib import Path

import httpx2
from rich.console import Console

from guanxi_local.demo import aftercare, ending
from guanxi_local.demo.api import Api, Credentials
from guanxi_local.demo.call import take_the_call
from guanxi_local.demo.company import set_up
from guanxi_local.demo.complaint import handle_the_complaint
from guanxi_local.demo.history import import_and_score
from guanxi_local.demo.listener import listening
from guanxi_local.demo.screen import Screen

SECONDS_PER_ANSWER = 30


def play(home: Path, console: Console) -> None:
    """Every step is printed with its result;
    the first one that does not come out ends the story with StepFailed.
    """
    began = time.monotonic()
    credentials = Credentials.read(home)
    screen = Screen(console)
    with (
        httpx2.Client(base_url=credentials.base_url, timeout=SECONDS_PER_ANSWER) as http,
        listening() as listener,
    ):
        api = Api(http, credentials)
        import_and_score(api, screen)
        company = set_up(api, screen)
        screen.chapter("伙伴 · A partner listens")
        endpoint = aftercare.subscribe(api, screen, listener)
        aftercare.plan_the_follow_up(api, screen)
        desk = take_the_call(api, screen, company)
        complaint = handle_the_complaint(api, screen, company, desk)
        screen.chapter("回访 · A week later")
        task = aftercare.follow_up(api, screen, company)
        aftercare.hear_the_answer(api, screen, company, task)
        aftercare.order_again(api, screen, company)
        aftercare.check_the_webhooks(
            api, screen, listener, company, endpoint=endpoint, complaint=complaint
        )
        ending.show_the_customer(api, screen, company)
    console.print(
        f"\n[bold green]The story came out[/] in {screen.steps} steps and"
        f" {time.monotonic() - began:.0f} s."
    )
