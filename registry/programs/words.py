"""What the rows of a semantic parser are about: topics, forms, names and words."""


def _listed(text: str, at: str | None = None) -> tuple[str, ...]:
    """Return what stands between `at`, or between spaces, with its own spaces made single."""
    return tuple(" ".join(one.split()) for one in text.split(at))


WORDS = _listed(
    """apple autumn bakery balance banana basket beach bicycle bird blanket bottle bread breeze
    bridge brother butter cabin camera candle canyon captain carpet castle cellar chicken circle
    climate cloud coffee compass copper cotton courage cousin crystal culture curtain customer
    dancer daughter desert diamond dinner doctor dragon drawing effort elephant energy engine
    evening failure family farmer feather festival finger flower forest fortune freedom friend
    future galaxy garden gentle glacier grammar guitar hammer harbor harvest helmet history holiday
    honest horizon hunger ice island jacket journey kettle kitchen ladder lantern lemon library
    lonely machine market meadow memory mirror monday mother mountain museum music neighbor never
    night ocean office orange orchard painter palace paper patience pepper picture planet pocket
    poem policy potato prairie printer problem promise purple puzzle quiet rabbit railway rainbow
    recipe reason ribbon river rocket salary sailor saturday school science season secret shadow
    shelter silver singer sister soccer soldier spider spring station stone story student summer
    sunset teacher temple theater thunder ticket tiger today tomato tower traffic train travel
    treasure tunnel twelve uncle useful valley velvet victory village violin voyage waiter wallet
    water weather wedding whistle window winter wisdom wonder yellow yesterday zebra"""
)
TOPICS = _listed(
    """the history of bridges; raising chickens in a small garden; a trip to the mountains; learning
    to play the violin; how vaccines work; a lost dog; the price of coffee; moving to another city;
    the first day of school; saving money on groceries; an old lighthouse; growing tomatoes; the
    moon landing; a job interview; healthy breakfasts; the rules of chess; why leaves turn red;
    a broken washing machine; volunteering at a library; black holes; a surprise party; training
    for a marathon; the pros and cons of remote work; a new bakery in town; recycling plastic;
    ancient Rome; learning Spanish; a delayed flight; choosing a laptop; bees and honey; a haunted
    house; public transport; the water cycle; a family reunion; solar panels; camping with children;
    a museum of toys; making sourdough bread; electric cars; a long winter; the invention of
    printing; the best way to apologize; a rainy wedding; teenagers and phones; keeping a diary;
    a startup that sells umbrellas; whales; a refund for a broken chair; sleeping better; jazz""",
    ";",
)
FORMS = _listed(
    """a poem; a short story; an email; a letter; a blog post; a song; an essay; a speech;
    a summary;
    a product description; a tweet; a cover letter; a press release; a riddle; a limerick; a haiku;
    a review; a dialogue; a list of tips; a plan; an advertisement; a report; a joke; a rap; a
    proposal; an itinerary; a script; a resume; a social media post; a fairy tale""",
    ";",
)
NAMES = _listed(
    """my boss; a friend; my neighbor; a five year old; a group of students; Maria; a new customer;
    my grandmother; Ahmed; the city council; a tired parent; Jonas; a colleague; beginners; Priya;
    a curious child; my landlord; teachers""",
    ";",
)
OPENINGS = _listed(
    """I am a nurse who likes to read.|My friend lives in Ohio.|We are opening a shop in June.|I
    have never done this before.|It is for a school newspaper.|You are a helpful expert.|The meeting
    is on Monday.|I am writing a book.|My cousin asked me for help.|This is for a competition.""",
    "|",
)
ENDINGS = (
    "That is all for now.",
    "Is there anything else I can do for you?",
    "Thank you for your time.",
    "Let me know what you think.",
    "And so it ended.",
    "Any other questions?",
    "Good luck!",
    "I hope this helps.",
    "See you tomorrow!",
    "You can do it.",
    "What would you choose?",
    "Please call me back.",
    "Everything will be fine.",
    "These are the steps to follow.",
)
LANGUAGES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "de": "German",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "gu": "Gujarati",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "kn": "Kannada",
    "ko": "Korean",
    "mr": "Marathi",
    "ne": "Nepali",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tr": "Turkish",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh-cn": "Chinese",
}
NUMBERS = _listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
)
