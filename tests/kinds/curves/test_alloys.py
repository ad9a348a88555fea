"""The published table: checksums, exceptions, the duplicate pair; and tables of users."""

import pytest

from slipfield.core.errors import SlipfieldError
from slipfield.kinds.curves.alloys import PUBLISHED, duplicates, read_alloys
from slipfield.kinds.curves.uniaxial import necking

HEADER = (
    "number,class,name,proof_stress_MPa,strength_MPa,modulus_GPa,density_kg_m3,poisson_ratio,"
    "ludwik_MPa\n"
)


def test_checksums():
    alloys = read_alloys()
    assert [alloy.number for alloy in alloys] == list(range(1, 107))
    sums = {
        "proof_stress_MPa": 56095,
        "strength_MPa": 75784,
        "modulus_GPa": 15905,
        "density_kg_m3": 710243,
        "ludwik_MPa": 79967,
    }
    for name, total in sums.items():
        assert sum(getattr(alloy, name) for alloy in alloys) == total
    sizes = [[a.group for a in alloys].count(g) for g in dict.fromkeys(a.group for a in alloys)]
    assert sizes == [21, 20, 19, 20, 13, 13]
    assert sum(bool(alloy.flags) for alloy in alloys) == 38
    assert "CC BY 4.0" in PUBLISHED.read_text().splitlines()[0]


def test_the_rule_of_k_has_twelve_exceptions_each_flagged():
    exceptions = {alloy.name: alloy for alloy in read_alloys() if not alloy.obeys_rule}
    names = "5052 3003 3105 5005 5182 5754 C10100 2017 C35300 D2".split()
    assert exceptions.keys() == {*names, "Stainless steel", "UNS R54520"}
    assert all("c:" in alloy.flags for alloy in exceptions.values())


def test_one_pair_has_the_same_curve():
    ((one, other),) = duplicates(read_alloys())
    assert {one.name, other.name} == {"718SPF", "718 Plus"}


def test_necking_strains_span_what_a_table_by_hand_gives():
    """Timetal 21S first, nickel 201 last; 92 have necked at 15 mm on 75 mm, a strain of 0.188."""
    found = {a.name: necking(a.law, a.modulus_MPa).engineering_strain for a in read_alloys()}
    assert min(found, key=found.get) == "Timetal 21S" and max(found, key=found.get) == "Nickel201"
    assert (min(found.values()), max(found.values())) == pytest.approx((0.1206, 0.2490), abs=1e-4)
    assert sum(elongation < 0.188 for elongation in found.values()) == 92


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1,steel,A,300,500,210,7850,0.3,\n", "alloy '1': ludwik_MPa is None, not a number"),
        ("1,steel,A,300,x,210,7850,0.3,560\n", "alloy '1': strength_MPa is 'x'"),
        ("1,steel,A,500,300,210,7850,0.3,560\n", "alloy '1': strength: given 300 MPa"),
        ("1,steel,A,300,500,210,7850,0.7,560\n", "Poisson's ratio must be in"),
        ("1,steel,A,300,500,210,7850,0.3,560\n" * 2, "alloy number 1 is there twice"),
        ("", "no alloys under the header"),
    ],
)
def test_a_wrong_table_is_named_in_one_line(tmp_path, rows, message):
    path = tmp_path / "alloys.csv"
    path.write_text(HEADER + rows)
    with pytest.raises(SlipfieldError, match=message):
        read_alloys(path)


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "alloys.csv"
    path.write_text("number,class,name\n1,steel,A\n")
    with pytest.raises(SlipfieldError, match="no column 'proof_stress_MPa'"):
        read_alloys(path)
