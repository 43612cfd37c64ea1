"""Where a verdict may part from the reference's, and why: docs/instructions.md is made of this."""

from collections.abc import Mapping

EXCEPTIONS: Mapping[str, str] = {
    "keywords:letter_frequency": "a letter outside of a to z (`#` and `!`, two records): the "
    "reference draws one at random, we count the one asked for",
    "language:response_language": "the references leave langdetect unseeded, so that near ties "
    "differ from run to run; our seed is 0 (the same for the `change_case` types of a language)",
    "detectable_format:json_format": "JSON nested too deep for the parser: the reference stops "
    "with an exception, here it is not followed",
    "keywords:existence": "keywords, section and forbidden words that hold marks of regular "
    "expressions (no record has any): the references read them as expressions, we as they stand",
    "es:length_constraints:number_sentences": "the reference parses with a spaCy model that no "
    "package registry carries; we count with Punkt's Spanish, line by line",
    "words:start_verb": "the reference asks NLTK's tagger, whose weights no wheel carries; we ask "
    "a list of verbs and the endings of their forms",
    "repeat:repeat_span": "a span from 0 on: the first release takes 0 for missing and draws a "
    "start at random, we start at 0",
    "ratio:stop_words": "an answer without words: the first release stops with an exception, here "
    "it is not followed (the same for `format:quote_unquote` and `words:last_first`)",
    "ja:keywords:frequency": "only the first 5,000 characters are taken apart to words (all `ja:` "
    "types that need words)",
    "length_constraints:number_sentences": "only the first 40,000 characters are split (all types "
    "that need sentences, tokens or syllables)",
    "detectable_format:title": "an answer of 100,000 characters or more has no loose variants: its "
    "loose verdict is its strict one (all types)",
}
"""Known exceptions to `reference` being what the reference says, by instruction type."""

FIXED: Mapping[str, str] = {
    "keywords:existence": "a keyword inside of another word does not count (`art` in `heart`)",
    "keywords:frequency": "a keyword inside of another word does not count",
    "language:response_language": "an answer without a language is not followed; `zh` takes "
    "`zh-cn` and `zh-tw`, which is what the detector says",
    "length_constraints:number_words": "`don't` is one word, a lone mark none",
    "length_constraints:number_paragraphs": "`***` divides only when alone on its line, not in "
    "`***bold***`",
    "length_constraints:nth_paragraph_first_word": "blank paragraphs are left out of the numbering "
    "too, and Markdown before the word is skipped",
    "detectable_content:number_placeholders": "`[]`, `[ ]` and `[x]` are no placeholders",
    "es:detectable_format:number_bullet_lists": "a dash makes a bullet as well as a star",
    "detectable_content:postscript": "the marker has to open a line, and its dots are dots "
    "(`fr:` finds `PS` in `corps`)",
    "detectable_format:number_bullet_lists": "`---` and `-5` are no bullets",
    "detectable_format:constrained_response": "the answer has to be an option, not to hold one",
    "detectable_format:number_highlighted_sections": "no star is counted twice, the stars of "
    "bullets not at all",
    "detectable_format:multiple_sections": "a section's heading has to open a line",
    "detectable_format:json_format": "a lone number or text and NaN are no JSON answer",
    "change_case:english_capital": "the language is told from small letters: langdetect leaves "
    "capitalised words out",
    "combination:repeat_prompt": "case counts: the prompt is to be repeated without change",
    "startend:end_checker": "case counts; emphasis after the phrase does not",
    "punctuation:no_comma": "commas of other scripts are commas",
    "es:length_constraints:number_words": "white space is no word",
    "es:length_constraints:nth_paragraph_first_word": "marks before the words are skipped",
    "es:startend:end_checker": "case counts",
    "es:change_case:spanish_capital": "there has to be a capital",
    "fr:special_character:accents": "the words have to be there, accented",
    "fr:special_character:no_accents": "accents written as characters of their own count",
    "fr:detectable_content:informal_address": "`vous` beside `tu` is not informal",
    "ja:keywords:existence": "a keyword inside of a longer word counts: where words end is the "
    "tokeniser's choice",
    "ja:keywords:forbidden_words": "a forbidden word inside of a longer word counts",
    "ja:keywords:frequency": "a keyword inside of a longer word counts",
    "ja:length_constraints:number_letters": "white space is no letter",
    "ja:length_constraints:nth_paragraph_first_word": "marks of headings, lists and quotations "
    "are skipped; the paragraph's case is lowered as the word's is",
    "ja:detectable_content:postscript": "the marker has to open a line",
    "ja:detectable_format:number_bullet_lists": "bullets of Markdown count too",
    "ja:detectable_format:multiple_sections": "a section's heading has to open a line",
    "ja:startend:end_checker": "emphasis after the phrase is skipped",
    "ja:startend:sentence_unified_end": "a line break is no part of a sentence, and ends one",
    "ja:letters:furigana": "々 and 〆 are kanji, long vowels and half-width brackets may be in a "
    "reading, and there has to be a kanji",
    "ja:letters:hiragana_only": "there has to be a letter",
    "ja:letters:katakana_only": "there has to be a letter",
    "count:unique_word_count": "a lone mark is no word",
    "count:conjunctions": "`And,` and `and` are one conjunction",
    "count:numbers": "`3-4` is two numbers, `1,000` and `2.5` are one each",
    "count:keywords_multiple": "a keyword inside of another word does not count",
    "count:words_japanese": "there has to be a word that is asked for",
    "ratio:overlap": "trigrams are of words, not of characters",
    "ratio:sentence_type": "there has to be a question",
    "ratio:sentence_balance": "there has to be a sentence of each kind",
    "ratio:sentence_words": "all words have to differ, as the prompt says",
    "repeat:repeat_change": "the first word has to differ, not only white space",
    "sentence:alliteration_increment": "the longest run counts, not the sum of all",
    "sentence:increment": "one sentence is no increment",
    "words:consonants": "a lone mark is no word, and there has to be one",
    "words:palindrome": "ten different palindromes",
    "words:last_first": "one sentence is no chain; marks around the words are skipped",
    "words:paragraph_last_first": "marks around the words are skipped",
    "words:words_position": "marks are no words",
    "format:line_indent": "every blank line is left out, and one line makes no stairs",
    "format:list": "a separator has to open a line",
    "format:newline": "a line of blanks is no line",
    "format:no_bullets_bullets": "blank lines are left out",
    "format:options": "`or` parts options only as a word; marks around lettered ones are skipped",
    "format:output_template": "the parts have to come in order",
    "format:parentheses": "the outermost bracket has to be closed",
    "format:quote_unquote": "there has to be a quotation",
    "format:quotes": "an apostrophe inside of a word is no quotation mark",
    "format:sub-bullets": "bullets and sub-bullets have to open lines, and there has to be one",
    "format:thesis": "`<em>` is read as well as `<i>`, and its end has to match",
    "format:title_case": "small words of titles and clitics pass",
    "custom:sentence_alphabet": "marks before a sentence are skipped",
    "custom:csv_city": "a code fence around the table is skipped (all three tables)",
    "custom:csv_special_character": "every row has to have five fields",
    "custom:date_format_list": "the date has to exist; month and day 00 do not",
}
"""What `fixed` asks for where the reference is wrong, by instruction type."""

REVISED: Mapping[str, str] = {
    "count:person_names": "a name inside of another word does not count",
    "count:pronouns": "demonstrative, interrogative and indefinite pronouns count; clitics are cut",
    "format:quote_unquote": "curly quotation marks are no longer read; an answer of marks passes",
    "format:title_case": "a lone small letter fails",
    "repeat:repeat_span": "indices are those of characters, both ends included",
    "sentence:keyword": "a keyword inside of another word does not count",
    "words:keywords_specific_position": "marks are not counted, case does not matter",
    "words:paragraph_last_first": "a line of marks is skipped",
    "words:words_position": "a final mark is not counted, case does not matter",
}
"""What the owner of IFBench changed after the first release; `fixed` begins there."""


def tables() -> str:
    """Return the tables of docs/instructions.md."""
    heads = {
        "Exceptions to `reference`": EXCEPTIONS,
        "What `revised` changes (IFBench)": REVISED,
        "What `fixed` changes": FIXED,
    }
    parts = []
    for head, rows in heads.items():
        lines = [f"| `{id_}` | {reason} |" for id_, reason in rows.items()]
        parts.append(f"## {head}\n\n| Instruction | Difference |\n|---|---|\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"
