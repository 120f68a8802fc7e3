"""Who asks to stop waits until what is under way is done as a whole."""

import threading

import pytest

from retainkit.stopping import stop, unstopped


def test_it_is_heard_at_once_where_nothing_is_under_way() -> None:
    with pytest.raises(KeyboardInterrupt):
        stop(KeyboardInterrupt())


def test_it_is_heard_at_the_end_of_the_outermost() -> None:
    done = []

    def work() -> None:
        with unstopped():
            with unstopped():
                stop(SystemExit(143))
                done.append("inner")
            done.append("outer")

    with pytest.raises(SystemExit) as raised:
        work()
    assert done == ["inner", "outer"]
    assert raised.value.code == 143
    with unstopped():
        pass  # it was heard once


def test_it_is_heard_although_an_error_came_first() -> None:
    def work() -> None:
        with unstopped():
            stop(KeyboardInterrupt())
            raise OSError

    with pytest.raises(KeyboardInterrupt):
        work()


def test_other_threads_hold_nobody_up() -> None:
    inside, done = threading.Event(), threading.Event()

    def work() -> None:
        with unstopped():
            inside.set()
            done.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(10)
    with pytest.raises(KeyboardInterrupt):
        stop(KeyboardInterrupt())
    done.set()
    thread.join()
