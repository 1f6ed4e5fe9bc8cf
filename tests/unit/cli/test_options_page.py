from unit.cli.options_page import PAGE, page


def test_the_page_of_options_is_fresh() -> None:
    assert PAGE.read_text() == page(), "run: make generate"
