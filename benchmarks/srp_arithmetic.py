"""What the proof of a password costs the client: its ephemeral and its signature."""

from __future__ import annotations

from functools import partial
from typing import Any

from pycognito.aws_srp import AWSSRP

from aiocognito import _srp as srp

from . import stub
from .measure import OURS, Subject, Table, cpu, interleaved, times_better
from .peers import Bench


def _ours(challenge: dict[str, str]) -> None:
    ephemeral = srp.Ephemeral.generate()
    assert ephemeral.public_hex
    srp.password_claim_signature(
        ephemeral,
        pool_name=stub.POOL.partition("_")[2],
        user_id=challenge["USER_ID_FOR_SRP"],
        password=stub.PASSWORD,
        srp_b_hex=challenge["SRP_B"],
        salt_hex=challenge["SALT"],
        secret_block=challenge["SECRET_BLOCK"],
        timestamp=srp.timestamp(1_700_000_000),
    )


def _pycognito(challenge: dict[str, str]) -> None:
    other = AWSSRP("ana", stub.PASSWORD, stub.POOL, stub.CLIENT, client=object())
    other.process_challenge(challenge, other.get_auth_params())


def _repeat(times: int, work: Any, challenge: dict[str, str]) -> float:
    return 1e3 * cpu(lambda: [work(challenge) for _ in range(times)], times)


def run(bench: Bench) -> list[Table]:
    challenge = stub.srp_challenge()
    subjects = [
        Subject(OURS, partial(_repeat, bench.scaled(60, quick=30), _ours, challenge)),
        Subject("pycognito", partial(_repeat, bench.scaled(10, quick=4), _pycognito, challenge)),
    ]
    if amplify := bench.amplify:
        times = bench.scaled(5, quick=1)

        def amplify_js() -> float:
            answer = amplify.ask(
                "srp",
                times=times,
                challenge=challenge,
                password=stub.PASSWORD,
                poolName=stub.POOL.partition("_")[2],
            )
            return 1e3 * answer["cpu"] / times

        subjects.append(Subject("amplify-js", amplify_js))
    return [
        Table(
            key="srp",
            title="SRP arithmetic of one sign-in",
            unit="ms of CPU",
            rows=interleaved(subjects, 7),
            about="The client's ephemeral key pair and the signature that proves the password, without "
            "requests. aiocognito computes every power whose exponent depends on the password in "
            "constant time; the others do not.",
            bars=[times_better("pycognito", 10), times_better("amplify-js", 45)],
        )
    ]
