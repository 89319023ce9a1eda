"""Asks the real libphonenumber (the Python package phonenumbers) and our tables about the same numbers of all
countries; they must agree about each. Usage: agree_numbers.py <our judge> <release of our data> <how many>
"""

import random
import subprocess
import sys

import phonenumbers
from phonenumbers import carrier

try:
    from re import _parser as regular
except ImportError:  # Python before 3.11
    import sre_parse as regular

judge, release, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
if phonenumbers.__version__ != release:
    sys.exit(f"phonenumbers is {phonenumbers.__version__}, our data {release}")

phonenumbers.enable_pattern_cache()
draw = random.Random(20261106)
KINDS = "fixed_line mobile pager toll_free premium_rate shared_cost personal_number voip uan voicemail".split()


def sample(pattern):
    """A random string that matches a parsed pattern."""
    text = ""
    for operation, argument in pattern:
        name = str(operation)
        if name == "LITERAL":
            text += chr(argument)
        elif name == "IN":
            digits = [digit for digit in "0123456789" if any(is_in(digit, part) for part in argument)]
            text += draw.choice(digits)
        elif name == "BRANCH":
            text += sample(draw.choice(argument[1]))
        elif name == "SUBPATTERN":
            text += sample(argument[3])
        elif name == "MAX_REPEAT":
            least, most, inner = argument
            text += "".join(sample(inner) for _ in range(draw.randint(least, min(most, 15))))
        else:
            sys.exit(f"a pattern has {name}, which this script does not know")
    return text


def is_in(digit, part):
    name, argument = str(part[0]), part[1]
    return {
        "LITERAL": lambda: ord(digit) == argument,
        "RANGE": lambda: argument[0] <= ord(digit) <= argument[1],
        "CATEGORY": lambda: True,
    }[name]()


def ranges():
    """Calling code and pattern of every kind of number in every country, and of those of no country."""
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        for region in regions:
            if region == "001":
                metadata = phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code)
            else:
                metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
            for kind in KINDS:
                numbers = getattr(metadata, kind)
                if numbers and numbers.national_number_pattern:
                    yield kind, str(code), regular.parse(numbers.national_number_pattern)


def drawn():
    """Half are valid, mostly mobile; a quarter has one wrong digit or length; a quarter is a code and random digits."""
    all_ranges = list(ranges())
    mobile = [one for one in all_ranges if one[0] == "mobile"]
    codes = sorted({code for _, code, _ in all_ranges})
    for index in range(count):
        _, code, pattern = draw.choice(mobile if index % 3 else all_ranges)
        national = sample(pattern)
        if index % 4 == 1:
            at = draw.randrange(len(national))
            wrong = [national[:at] + draw.choice("0123456789") + national[at + 1 :], national[:-1], national + "7"]
            national = draw.choice(wrong)
        elif index % 4 == 3:
            code = draw.choice(codes)
            national = "".join(draw.choice("0123456789") for _ in range(draw.randint(4, 12)))
        yield code + national


def expected(digits):
    """What libphonenumber says, in the words of our judge."""
    try:
        number = phonenumbers.parse("+" + digits)
    except phonenumbers.NumberParseException:
        return "-"
    # It repairs more than we do (a national prefix behind the calling code): two spellings would be one subscriber.
    if phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) != "+" + digits:
        return "-"
    mobile = phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE
    country = phonenumbers.region_code_for_number(number)
    # 001: satellites and the like, of no country.
    if phonenumbers.number_type(number) not in mobile or country == "001":
        return "-"
    # The package still has the Argentine ranges that libphonenumber withdrew.
    holder = "" if country == "AR" else carrier.name_for_valid_number(number, "en")
    return f"{country}|{holder}"


numbers = list(drawn())
said = subprocess.run([judge], input="\n".join(numbers) + "\n", capture_output=True, text=True, check=True)
ours = said.stdout.splitlines()
theirs = [expected(number) for number in numbers]
different = [row for row in zip(numbers, theirs, ours, strict=True) if row[1] != row[2]]
for number, wanted, got in different[:20]:
    print(f"{number}: libphonenumber says {wanted}, we say {got}")
accepted = [answer for answer in ours if answer != "-"]
countries = {answer[:2] for answer in accepted}
print(f"{len(numbers)} numbers, {len(accepted)} accepted, {len(countries)} countries, {len(different)} differences")
if different or len(accepted) < count // 3 or len(countries) < 230:
    sys.exit("they should agree, over all countries")
