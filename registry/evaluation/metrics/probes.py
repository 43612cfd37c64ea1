"""Probes: answers that follow one of IFEval's instructions, and others that just do not.

They are made of an instruction's arguments alone, so that the same instruction always has the
same, and one with other arguments has a probe that only one of the two is content with.
"""

from collections.abc import Callable, Iterator

from registry.evaluation.instructions.kinds import Arguments

Probes = Callable[[Arguments], Iterator[str]]

MOST = 3_000
"""Things in one probe; programs that ask for more than that are not told apart by it."""

LANGUAGES = (
    "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق، وقد وهبوا عقلا وضميرا.",
    "Всички хора се раждат свободни и равни по достойнство и права.",
    "সমস্ত মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে।",
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren.",
    "All human beings are born free and equal in dignity and rights.",
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos.",
    "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند.",
    "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "પ્રતિષ્ઠા અને અધિકારોની દૃષ્ટિએ સર્વ માનવો જન્મથી સ્વતંત્ર અને સમાન હોય છે.",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतंत्रता और समानता प्राप्त है।",
    "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti.",
    "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ಎಲ್ಲಾ ಮಾನವರೂ ಸ್ವತಂತ್ರರಾಗಿಯೇ ಜನಿಸಿದ್ದಾರೆ. ಹಾಗೂ ಘನತೆ ಮತ್ತು ಹಕ್ಕುಗಳಲ್ಲಿ ಸಮಾನರಾಗಿದ್ದಾರೆ.",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "सर्व मानवी व्यक्ति जन्मतःच स्वतंत्र आहेत व त्यांना समान प्रतिष्ठा व समान अधिकार आहेत.",
    "सबै व्यक्तिहरू जन्मजात स्वतन्त्र हुन् ती सबैको समान अधिकार र महत्व छ।",
    "ਸਾਰਾ ਮਨੁੱਖੀ ਪਰਿਵਾਰ ਆਪਣੀ ਮਹਿਮਾ, ਸ਼ਾਨ ਅਤੇ ਹੱਕਾਂ ਦੇ ਪੱਖੋਂ ਜਨਮ ਤੋਂ ਹੀ ਆਜ਼ਾਦ ਹੈ।",
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.",
    "Todos os seres humanos nascem livres e iguais em dignidade e em direitos.",
    "Все люди рождаются свободными и равными в своем достоинстве и правах.",
    "Watu wote wamezaliwa huru, hadhi na haki zao ni sawa.",
    "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும் உரிமைகளிலும் சமமானவர்கள்.",
    "ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు.",
    "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.",
    "تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔",
    "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
)
"""The first article of the Universal Declaration of Human Rights, in the languages told apart."""


def _around(count: int) -> range:
    """Return the count that is asked for, the one below and the one above."""
    most = min(count, MOST)
    return range(max(most - 1, 0), most + 2)


def _counted(name: str, text: Callable[[int], str]) -> Probes:
    """Return probes with as many things as the argument says, one fewer, and one more."""
    return lambda given: (text(n) for n in _around(given[name]))


def _repeated(name: str, of: str) -> Probes:
    """Return probes that repeat what one argument says as often as another one says."""
    return lambda given: (" ".join([given[of]] * n) or "0" for n in _around(given[name]))


def _words(name: str) -> Probes:
    """Return a probe without any of the words, one with all, one for each, and all but each."""

    def made(given: Arguments) -> Iterator[str]:
        words = given[name]
        yield "0"
        yield "\n".join(words)
        for word in words:
            yield word
            yield "\n".join(other for other in words if other != word) or "0"

    return made


def _paragraphs(given: Arguments) -> Iterator[str]:
    word = given["first_word"]
    for many in _around(min(given["num_paragraphs"], 100)):
        for at in range(many):
            yield "\n\n".join(f"{word} 0" if at == n else f"0 {word}" for n in range(many))


def _said(name: str) -> Probes:
    """Return probes that say one argument alone, after something else, and before it."""

    def made(given: Arguments) -> Iterator[str]:
        said = given[name]
        yield from (said, f"0 {said}", f"{said} 0", "0")

    return made


PROBES: dict[str, Probes] = {
    "keywords:existence": _words("keywords"),
    "keywords:forbidden_words": _words("forbidden_words"),
    "keywords:frequency": _repeated("frequency", "keyword"),
    "keywords:letter_frequency": _repeated("let_frequency", "letter"),
    "language:response_language": lambda given: iter(LANGUAGES),
    "length_constraints:number_words": _counted("num_words", lambda n: "no " * n or "-"),
    "length_constraints:number_sentences": _counted(
        "num_sentences", lambda n: " ".join(["We sing."] * n) or "-"
    ),
    "length_constraints:number_paragraphs": _counted(
        "num_paragraphs", lambda n: "\n***\n".join(["no"] * n) or "***"
    ),
    "length_constraints:nth_paragraph_first_word": _paragraphs,
    "change_case:capital_word_frequency": _counted(
        "capital_frequency", lambda n: "NO " * n or "no"
    ),
    "detectable_content:number_placeholders": _counted(
        "num_placeholders", lambda n: "[no] " * n or "no"
    ),
    "detectable_content:postscript": _said("postscript_marker"),
    "detectable_format:number_bullet_lists": _counted(
        "num_bullets", lambda n: "* no\n" * n or "no"
    ),
    "detectable_format:number_highlighted_sections": _counted(
        "num_highlights", lambda n: "*no* " * n or "no"
    ),
    "detectable_format:multiple_sections": lambda given: (
        "\n".join(f"{given['section_spliter']} {at}" for at in range(n)) or "no"
        for n in _around(given["num_sections"])
    ),
    "combination:repeat_prompt": _said("prompt_to_repeat"),
    "startend:end_checker": _said("end_phrase"),
}
"""The probes of each instruction type that takes arguments."""
