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
        ("1,steel,A,300,500,210,7850,0.3,\n", "alloy '1': ludwik_MPa is empty; fill it in"),
        ("1,steel,A,300,x,210,7850,0.3,560\n", "alloy '1': strength_MPa is 'x'"),
        ("1,steel,A,300,500 MPa,210,7850,0.3,560\n", "its unit stands in the name"),
        ("1.5,steel,A,300,500,210,7850,0.3,560\n", "number is '1.5'; give a whole one"),
        ("1,steel,A,300,500,210,7.85,0.3,560\n", "density_kg_m3 is 7.85; expected 500 to"),
        ("1,steel,A,300,500,210,inf,0.3,560\n", "density_kg_m3 is inf; expected"),
        ("1,steel,A,300,500,210,7850,0.3,5\n", "necks at a strain of 0.001"),
        ("1,steel,A,300,500,210\n", "alloy '1': density_kg_m3 is empty; fill it in"),
        ("1,steel,A,300,500,210,7850,0.3,560,y\n", "row 1 has 10 entries for 9 columns; put"),
        (",steel,A,300,500,210,7850,0.3,560\n", "number is ''; give a whole one"),
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


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("number,class,name\n", "no column 'proof_stress_MPa'"),
        (HEADER.replace(",ludwik_MPa", ""), "no column 'ludwik_MPa'.* is what the learners learn"),
        (HEADER.replace("\n", ",name\n"), "column 'name' is there twice; remove one"),
        ("# nothing\n", "nothing but comments; expected a header with number"),
    ],
)
def test_a_wrong_header_is_named(tmp_path, header, message):
    path = tmp_path / "alloys.csv"
    path.write_text(header)
    with pytest.raises(SlipfieldError, match=message):
        read_alloys(path)


@pytest.mark.parametrize(
    ("delimiter", "encoding", "before", "after"),
    [
        (";", "cp1252", "", ""),
        ("\t", "utf-16", "Unsere Stähle\n\n", ""),
        (";", "utf-8-sig", "", ";;;;;;;;\n"),
        (";", "utf-16-le", "# von Hand\n", "\n"),
    ],
)
def test_a_table_as_spreadsheets_save_it(tmp_path, delimiter, encoding, before, after):
    path = tmp_path / "alloys.csv"
    row = "1;Stahl;für Bögen, gewalzt;300,5;500;210;7.850;0,3;560\n"
    header = HEADER.replace(",", ";").replace("strength_MPa", "Strength_MPa")
    text = (header + row).replace(";", delimiter)
    path.write_text(before + text + after, encoding=encoding)
    (alloy,) = read_alloys(path)
    assert alloy.name == "für Bögen, gewalzt"
    assert (alloy.proof_stress_MPa, alloy.density_kg_m3) == (300.5, 7850)
    assert (alloy.poisson_ratio, alloy.exponent) == (0.3, 0.3)


def test_entries_of_optional_columns_may_be_left_out_at_the_end_of_a_row(tmp_path):
    path = tmp_path / "alloys.csv"
    header = HEADER.replace("\n", ",treatment,exponent,flags\n")
    path.write_text(header + '1,steel,A,300,500,210,"7,850",0.3,560,rolled\n')
    (alloy,) = read_alloys(path)
    assert (alloy.treatment, alloy.density_kg_m3, alloy.exponent) == ("rolled", 7850, 0.3)
