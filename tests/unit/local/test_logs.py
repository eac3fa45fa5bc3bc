from pathlib import Path

from local.logs import FileTail


def test_only_new_complete_lines_are_returned(tmp_path: Path) -> None:
    log = tmp_path / "log"
    tail = FileTail(log)
    assert tail.new_lines() == []
    log.write_text("one\ntwo\nhal")
    assert tail.new_lines() == ["one", "two"]
    with log.open("a") as file:
        file.write("f\n")
    assert tail.new_lines() == ["half"]
    assert tail.new_lines() == []


def test_a_replaced_log_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old and long\n")
    tail = FileTail(log)
    tail.new_lines()
    log.rename(tmp_path / "previous")
    log.write_text("new and longer than the old one\n")
    assert tail.new_lines() == ["new and longer than the old one"]
