"""Working days: against the State Council's announcements of every covered year, and as properties."""

from datetime import date, timedelta

import pytest
from ckanext.shopendata.policy import workdays
from ckanext.shopendata.policy.refusal import Refused
from ckanext.shopendata.policy.workdays import Clock, Mark, Period, Standing, Unit, Unknown, add, between, is_working
from hypothesis import given
from hypothesis import strategies as st

#: Spring Festival and National Day by year: first and last day off, and the weekend days worked instead, as announced
#: by the General Office of the State Council (国务院办公厅关于部分节假日安排的通知); written down by hand.
ANNOUNCED = {
    2004: (("01-22", "01-28", "01-17 01-18"), ("10-01", "10-07", "10-09 10-10")),
    2005: (("02-09", "02-15", "02-05 02-06"), ("10-01", "10-07", "10-08 10-09")),
    2006: (("01-29", "02-04", "01-28 02-05"), ("10-01", "10-07", "09-30 10-08")),
    2007: (("02-18", "02-24", "02-17 02-25"), ("10-01", "10-07", "09-29 09-30")),
    2008: (("02-06", "02-12", "02-02 02-03"), ("09-29", "10-05", "09-27 09-28")),
    2009: (("01-25", "01-31", "01-24 02-01"), ("10-01", "10-08", "09-27 10-10")),
    2010: (("02-13", "02-19", "02-20 02-21"), ("10-01", "10-07", "09-26 10-09")),
    2011: (("02-02", "02-08", "01-30 02-12"), ("10-01", "10-07", "10-08 10-09")),
    2012: (("01-22", "01-28", "01-21 01-29"), ("09-30", "10-07", "09-29")),
    2013: (("02-09", "02-15", "02-16 02-17"), ("10-01", "10-07", "09-29 10-12")),
    2014: (("01-31", "02-06", "01-26 02-08"), ("10-01", "10-07", "09-28 10-11")),
    2015: (("02-18", "02-24", "02-15 02-28"), ("10-01", "10-07", "10-10")),
    2016: (("02-07", "02-13", "02-06 02-14"), ("10-01", "10-07", "10-08 10-09")),
    2017: (("01-27", "02-02", "01-22 02-04"), ("10-01", "10-08", "09-30")),
    2018: (("02-15", "02-21", "02-11 02-24"), ("10-01", "10-07", "09-29 09-30")),
    2019: (("02-04", "02-10", "02-02 02-03"), ("10-01", "10-07", "09-29 10-12")),
    # Prolonged while it ran (the epidemic): 1 February, first a make-up day, was free.
    2020: (("01-24", "02-02", "01-19"), ("10-01", "10-08", "09-27 10-10")),
    2021: (("02-11", "02-17", "02-07 02-20"), ("10-01", "10-07", "09-26 10-09")),
    2022: (("01-31", "02-06", "01-29 01-30"), ("10-01", "10-07", "10-08 10-09")),
    2023: (("01-21", "01-27", "01-28 01-29"), ("09-29", "10-06", "10-07 10-08")),
    2024: (("02-10", "02-17", "02-04 02-18"), ("10-01", "10-07", "09-29 10-12")),
    2025: (("01-28", "02-04", "01-26 02-08"), ("10-01", "10-08", "09-28 10-11")),
    2026: (("02-15", "02-23", "02-14 02-28"), ("10-01", "10-07", "09-20 10-10")),
}
BREAKS = [(year, *one) for year, both in ANNOUNCED.items() for one in both]
ONE_DAY = timedelta(days=1)


def day(year, text):
    return date.fromisoformat(f"{year}-{text}")


def test_every_covered_year_is_in_the_table():
    first, last = workdays.covered()
    assert list(ANNOUNCED) == list(range(first.year, last.year + 1)), "a new year: write its announcement down above"


@pytest.mark.parametrize(("year", "first", "last", "made_up"), BREAKS)
class TestBreaks:
    def test_all_days_between_are_free_and_weekends_are_worked_instead(self, year, first, last, made_up):
        start, end = day(year, first), day(year, last)
        assert not [
            one for one in (start + ONE_DAY * n for n in range((end - start).days + 1)) if workdays.is_working(one)
        ]
        for text in made_up.split():
            assert day(year, text).weekday() >= 5
            assert is_working(day(year, text)), text

    def test_around_it_weekdays_are_worked_and_other_weekends_free(self, year, first, last, made_up):
        start, end, worked = day(year, first), day(year, last), {day(year, text) for text in made_up.split()}
        for n in range(1, 5):
            for one in (start - ONE_DAY * n, end + ONE_DAY * n):
                # The Mid-Autumn Festival may fall next to National Day: it has weekdays of its own.
                if one.month != 9 or one in worked:
                    assert is_working(one) == (one.weekday() < 5 or one in worked), one

    def test_the_day_after_the_last_working_day_is_the_first_after_the_break(self, year, first, last, made_up):
        before = day(year, first) - ONE_DAY
        while not is_working(before):
            before -= ONE_DAY
        after = day(year, last) + ONE_DAY
        while not is_working(after):
            after += ONE_DAY
        assert add(before, 1) == after
        assert between(before, after) == 1
        assert Clock(before, 1).due() == after


class TestWhatIsNotKnown:
    FIRST, LAST = workdays.covered()

    def test_a_day_beyond_the_calendar_is_an_error_that_names_the_year(self):
        with pytest.raises(Unknown) as unknown:
            is_working(self.LAST + ONE_DAY)
        assert unknown.value.year == self.LAST.year + 1
        with pytest.raises(Unknown) as unknown:
            is_working(self.FIRST - ONE_DAY)
        assert unknown.value.year == self.FIRST.year - 1

    def test_no_announcement_ever_touched_days_of_december_that_count_as_settled(self):
        from chinese_calendar import constants

        touched = {one for one in (*constants.holidays, *constants.workdays) if one.month == 12}
        assert touched, "the library holds the ends of 2007 and 2018"
        assert min((one.month, one.day) for one in touched) > (self.LAST.month, self.LAST.day)

    def test_a_limit_that_ends_there_says_so(self):
        clock = Clock(self.LAST - ONE_DAY * 3, 10)
        with pytest.raises(Unknown):
            clock.due()
        assert clock.standing(self.LAST) == Standing(Mark.UNKNOWN, missing=self.LAST.year + 1)

    def test_a_limit_that_is_over_stays_over_though_nobody_can_say_by_how_much(self):
        due = add(date(self.LAST.year, 12, 1), 2)
        standing = Clock(date(self.LAST.year, 12, 1), 2).standing(self.LAST + ONE_DAY * 30)
        assert (standing.mark, standing.due, standing.days) == (Mark.OVERDUE, due, None)
        assert standing.missing == self.LAST.year + 1

    def test_calendar_days_need_no_calendar(self):
        clock = Clock(self.LAST, 30, Unit.CALENDAR)
        assert clock.standing(self.LAST + ONE_DAY * 10) == Standing(
            Mark.RUNNING, self.LAST + ONE_DAY * 30, 20, unit=Unit.CALENDAR
        )


class TestClock:
    """November 2026: the 2nd is a Monday, without any holiday until the 30th."""

    PERIOD = Period(5, extension=15)

    def test_the_first_day_does_not_count(self):
        clock = Clock.start(date(2026, 11, 2), self.PERIOD)
        assert clock.due() == date(2026, 11, 9)
        assert clock.standing(date(2026, 11, 2)) == Standing(Mark.RUNNING, date(2026, 11, 9), 5)
        assert clock.standing(date(2026, 11, 9)) == Standing(Mark.RUNNING, date(2026, 11, 9), 0)

    def test_a_weekend_does_not_make_it_more_overdue(self):
        clock = Clock.start(date(2026, 11, 6), Period(5))
        assert clock.due() == date(2026, 11, 13)
        assert clock.standing(date(2026, 11, 15)).days == 0
        assert clock.standing(date(2026, 11, 15)).mark is Mark.OVERDUE
        assert clock.standing(date(2026, 11, 17)).days == 2

    def test_it_stands_still_while_somebody_else_has_to_act(self):
        clock = Clock.start(date(2026, 11, 2), self.PERIOD).stop(date(2026, 11, 4))
        assert clock.due() is None
        assert clock.standing(date(2026, 11, 20)) == Standing(Mark.STOPPED, days=3)
        clock = clock.go_on(date(2026, 11, 16))
        assert clock.due() == date(2026, 11, 19)
        again = clock.stop(date(2026, 11, 17)).go_on(date(2026, 11, 17))
        assert again.due() == clock.due(), "an hour's stop neither gives nor takes a day"

    def test_stopping_twice_is_stopping_once(self):
        clock = Clock.start(date(2026, 11, 2), self.PERIOD).stop(date(2026, 11, 3))
        assert clock.stop(date(2026, 11, 5)) == clock
        going = clock.go_on(date(2026, 11, 5))
        assert going.go_on(date(2026, 11, 9)) == going

    def test_what_was_over_before_it_stopped_stays_over(self):
        clock = Clock.start(date(2026, 11, 2), self.PERIOD).stop(date(2026, 11, 12))
        assert clock.standing(date(2026, 11, 12)).mark is Mark.OVERDUE

    def test_time_does_not_run_backwards(self):
        with pytest.raises(ValueError, match="before"):
            Clock.start(date(2026, 11, 2), self.PERIOD).stop(date(2026, 11, 1))

    def test_it_is_extended_once_in_time_and_by_no_more_than_the_pack_allows(self):
        clock, today = Clock.start(date(2026, 11, 2), self.PERIOD), date(2026, 11, 9)
        assert clock.extend(15, self.PERIOD, today).due() == date(2026, 11, 30)
        for tried, days, on, code in (
            (clock.extend(1, self.PERIOD, today), 1, today, "already_extended"),
            (clock, 16, today, "extension_too_long"),
            (clock, 0, today, "extension_too_long"),
            (clock, 5, date(2026, 11, 10), "deadline_passed"),
        ):
            with pytest.raises(Refused) as refused:
                tried.extend(days, self.PERIOD, on)
            assert refused.value.code == code


#: Days with a year of known calendar behind them.
DAYS = st.dates(date(2005, 1, 1), date(2025, 12, 1))
COUNTS = st.integers(0, 60)


class TestProperties:
    @given(DAYS, COUNTS)
    def test_adding_and_counting_are_each_others_inverse(self, start, count):
        assert between(start, add(start, count)) == count

    @given(DAYS, COUNTS, COUNTS)
    def test_adding_twice_is_adding_the_sum(self, start, first, second):
        assert add(add(start, first), second) == add(start, first + second)

    @given(DAYS, st.integers(1, 60))
    def test_a_limit_ends_on_a_working_day(self, start, days):
        assert is_working(Clock(start, days).due())

    @given(DAYS, st.integers(1, 30), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 20)), max_size=4))
    def test_stops_only_ever_postpone_and_take_no_used_day_back(self, start, days, pauses):
        clock, now = Clock(start, days), start
        for wait, pause in pauses:
            now += ONE_DAY * wait
            before = clock.standing(now)
            if before.mark is not Mark.RUNNING or before.days is None:
                break
            stopped = clock.stop(now)
            assert stopped.standing(now).days == before.days or before.days == 0
            now += ONE_DAY * pause
            after = stopped.go_on(now)
            assert after.due() >= clock.due()
            if before.days:
                assert after.standing(now).days == before.days
            clock = after

    @given(DAYS, st.integers(1, 40), st.integers(0, 90))
    def test_left_and_over_are_counted_from_the_last_day(self, start, days, later):
        clock, today = Clock(start, days), start + ONE_DAY * later
        standing = clock.standing(today)
        if standing.mark is Mark.RUNNING:
            assert add(today, standing.days) == standing.due or standing.days == 0
        else:
            assert standing.mark is Mark.OVERDUE
            assert between(standing.due, today) == standing.days

    @given(DAYS, st.integers(1, 40), st.integers(0, 30), st.sampled_from(Unit), st.booleans(), st.integers(0, 9))
    def test_it_comes_back_from_the_table_as_it_went(self, start, days, wait, unit, goes_on, extension):
        clock = Clock(start, days, unit, extension=extension).stop(start + ONE_DAY * wait)
        clock = clock.go_on(start + ONE_DAY * (wait + 2)) if goes_on else clock
        assert Clock.read(clock.as_json()) == clock
