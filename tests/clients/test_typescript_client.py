"""openapi-typescript generates types with which the guide's program compiles and works on the local stack."""

import pytest

from tests.clients.conftest import Desk, blocks


@pytest.fixture(scope="module")
def generated(desk: Desk) -> Desk:
    """The folder with the generated types and the guide's program."""
    generate, _ = blocks("TypeScript")
    desk.succeed(generate)
    [program] = blocks("TypeScript", "ts")
    desk.write("create-customer.mts", program)
    return desk


def test_the_program_compiles_and_creates_reads_and_erases_a_customer(
    generated: Desk, signed_in: dict[str, str]
) -> None:
    _, compile_and_run = blocks("TypeScript")

    output = generated.succeed(compile_and_run, **signed_in)

    assert "created and read" in output
    assert "erased: 204" in output


def test_mistakes_do_not_compile(generated: Desk) -> None:
    _, compile_and_run = blocks("TypeScript")
    command, _ = compile_and_run.replace("create-customer", "mistake").splitlines()
    program = (generated.folder / "create-customer.mts").read_text()
    for before, after in (('city: "London"', "city: 7"), ("/docs/problems/field-taken", "/docs/problems/no-such")):
        assert before in program
        program = program.replace(before, after)
    generated.write("mistake.mts", program)

    done = generated.run(f"{command} --noEmit")

    assert "Type 'number' is not assignable to type 'string'" in done.stdout
    assert "have no overlap" in done.stdout
