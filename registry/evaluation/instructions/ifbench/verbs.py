"""Whether an English word may be a verb, told from a list and from the endings of verbs' forms."""

from registry.evaluation.instructions.lists import listed

_VERBS = frozenset(
    listed(
        "accept achieve act adapt add adjust admit adopt advise agree aim allow analyse analyze "
        "announce answer apologise apologize appear apply appreciate approach argue arise arrange "
        "arrive ask assemble assess assign assist assume attach attempt attend avoid bake balance "
        "be beat become begin believe bend blend boil borrow break bring browse build burn buy "
        "calculate call capture care carry catch cause celebrate change charge check choose "
        "clarify clean clear click climb close collaborate collect combine come communicate "
        "compare complete compose conclude conduct configure confirm connect consider consist "
        "construct contact contain continue contribute convert convince cook cope copy correct "
        "count cover craft create cultivate cut dance deal debug decide declare decorate decrease "
        "define delete deliver demonstrate depend deploy derive describe deserve design destroy "
        "detect determine develop dig discover discuss display divide do download draft drag draw "
        "dream drink drive drop eat edit elevate eliminate embark embrace emphasise emphasize "
        "employ enable encourage end engage enhance enjoy ensure enter escape establish estimate "
        "evaluate examine execute exist expand expect experience experiment explain explore "
        "express extend extract face fail fall feed feel fight fill find finish fix fly focus "
        "follow forget form foster found gain gather generate get give go grab grant grow guess "
        "guide handle happen have hear help hide highlight hire hit hold hope identify ignore "
        "imagine implement import improve include incorporate increase indicate influence inform "
        "initialize initiate insert inspect install integrate introduce invest investigate invite "
        "involve iterate join jump justify keep kick know launch lay lead learn leave lend let "
        "leverage lie lift limit link list listen live load locate look lose love maintain make "
        "manage map mark match maximise maximize mean measure meet mention merge minimise "
        "minimize mix modify monitor move multiply navigate need note notice obtain occur offer "
        "open operate optimise optimize order organise organize overcome own participate pass pay "
        "perform pick place plan play please point practice practise pray prepare present "
        "preserve press prevent print prioritise prioritize proceed process produce program "
        "promote propose protect prove provide pull push put question raise reach read realise "
        "realize receive recognise recognize recommend record reduce refer reflect refuse regard "
        "relate relax release rely remain remember remove rename repeat replace reply report "
        "represent request require research reserve resolve respect respond rest restart return "
        "reveal review revise rewrite ride rise run save say schedule search secure see seek seem "
        "select sell send separate serve set share shift shine shoot show shut sign simplify sing "
        "sit sketch sleep smile solve sort sound speak specify spend spread stand start state "
        "stay stir stop store strengthen stretch strive study submit substitute subtract succeed "
        "suffer suggest summarise summarize support suppose surround survive swim switch take "
        "talk taste teach tell test thank think throw touch track train transform translate "
        "travel treat try turn type understand unleash unlock update upgrade upload use utilise "
        "utilize validate vary verify view visit visualise visualize wait wake walk want warn "
        "wash watch wear win wish wonder work worry wrap write yield"
    )
)
_FORMS = frozenset(
    listed(
        "is are was were am been being has had having does did done doing went gone made said saw "
        "seen took taken came knew known thought told felt left kept held brought began begun "
        "wrote written found gave given got built sent spent stood lost paid met ran sat spoke "
        "spoken led grew grown won taught caught drew drawn chose chosen drove driven ate eaten "
        "fell fallen flew flown forgot forgotten wore worn broke broken bought sold slept heard "
        "meant understood"
    )
)
_MODALS = frozenset(listed("can could may might must shall should will would"))


def is_verb(word: str) -> bool:
    """Say whether the word may be a form of a verb.

    >>> is_verb("Running"), is_verb("Explored"), is_verb("Table"), is_verb("Can")
    (True, True, False, False)
    """
    form = word.lower()
    if form in _MODALS:  # which the tagger of the reference keeps apart from verbs
        return False
    return form in _VERBS or form in _FORMS or not _VERBS.isdisjoint(_stems(form))


def _stems(form: str) -> list[str]:
    stems: list[str] = []
    for ending in ("ing", "ed", "es", "s", "d"):
        if form.endswith(ending) and len(form) > len(ending) + 1:
            stem = form.removesuffix(ending)
            stems += [stem, stem + "e"]
            if stem[-1] == stem[-2:-1]:
                stems.append(stem[:-1])
    if form.endswith(("ied", "ies")):
        stems.append(form[:-3] + "y")
    return stems
