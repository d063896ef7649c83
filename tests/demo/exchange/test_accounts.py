"""Bills and notes, laid side by side."""

from demo.exchange.accounts import Accounts


def test_accounts_that_say_the_same_agree_whoever_says_it_first():
    accounts = Accounts()
    accounts.bill("1", "2", 100, 30)
    assert not accounts.agree
    accounts.note("1", "2", 100, 30)
    accounts.note("3", "4", 100, 5)
    accounts.bill("3", "4", 100, 5)
    assert accounts.agree
    assert (accounts.exact, accounts.billed, accounts.noted) == (2, 35, 35)


def test_a_second_too_much_is_named_even_if_another_bill_has_one_too_few():
    accounts = Accounts()
    for caller, billed, noted in (("1", 31, 30), ("3", 29, 30)):
        accounts.bill(caller, "2", 100, billed)
        accounts.note(caller, "2", 100, noted)
    assert accounts.billed == accounts.noted
    assert not accounts.agree
    assert accounts.differing == 2
    assert accounts.wrong[0] == "1 to 2, ended at second 100: 31 s on one account, 30 s on the other"


def test_a_call_that_is_not_billed_is_missed():
    accounts = Accounts()
    accounts.note("1", "2", 100, 0)
    assert (accounts.agree, accounts.unbilled) == (False, 1)


def test_a_bill_for_a_call_that_nobody_had_is_found():
    accounts = Accounts()
    accounts.bill("1", "2", 100, 0)
    assert (accounts.agree, accounts.unheard_of) == (False, 1)


def test_a_call_that_is_billed_twice_is_found():
    accounts = Accounts()
    for _ in range(2):
        accounts.bill("1", "2", 100, 7)
    accounts.note("1", "2", 100, 7)
    assert not accounts.agree
