"""Writes texts and the ids that the published tokenizer gives for them.

Usage: tokenizer_reference.py DEPENDENCIES OUTPUT. One text a line: its UTF-8 bytes in hexadecimal
digits, a tab, its ids. The texts are made from a fixed seed; the ids come from the `tokenizers`
package, cut at 256 as the sentence vectors were published.
"""

import random
import sys

dependencies, output = sys.argv[1:]
sys.path.insert(0, dependencies + "/python")

from tokenizers import Tokenizer  # noqa: E402  The path to it is set just above.

EDGES = [
    "",
    " ",
    "\t\r\n",
    "a",
    "A",
    "İstanbul",
    "ISTANBUL'DA",
    "ß STRASSE straße",
    "ﬁ ﬂ ﬃ ﬆ",
    "ΣΊΣΥΦΟΣ ς σ",
    "naïve café résumé",
    "e\u0301 a\u0308\u0323 \u0301 \u0301x",
    "한국어 각 각",
    "ภาษาไทย กำ",
    "עִבְרִית العَرَبِيَّة",
    "日本語テキスト ガ が カ\u3099",
    "中文混English字",
    "豈更車 \U0002f800 \U00020000",
    "👩‍👩‍👧‍👦 ❤️ ✂︎ 🇩🇪 🏴\U000e0067\U000e007f",
    "zero\u200bwidth\u200cnon\u200djoiner\ufeff",
    "nbsp\u00a0here\u2007there\u202fend",
    "line\u2028sep\u2029para\u0085next",
    "\x00nul\x01\x1f\x7f\x80\x9f",
    "\ufffd \ufffe \uffff \ufdd0 \U0010ffff",
    "\ue000\uf8ff \U000f0000 \U00100000",
    "soft\u00adhyphen",
    "[CLS] [SEP] [PAD] [UNK] [MASK]",
    "a[SEP]b[[MASK]]",
    "[ sep ] [sep] [SEP",
    "[SE\u200bP] [SE\u0301P]",
    "##ing # ## ###",
    "x" * 99,
    "x" * 100,
    "x" * 101,
    "é" * 100,
    "é" * 101,
    "e\u0301" * 100,
    "unaffable",
    "中" * 300,
    "word " * 400,
    "." * 600,
    "supercalifragilistic" * 20,
    "kube-system/etcd-0: CrashLoopBackOff (exit=137)",
    "java.lang.OutOfMemoryError: GC overhead\n\tat com.example.Foo$Bar.<init>(Foo.java:42)",
    "a_b-c.d/e\\f@g#h$i%j^k&l*m+n=o~p|q",
    "1,234.56 € £5 ¥ ¢ ½ ² ₂ ① Ⅷ",
    "\u1e9b\u0323 \u212b \u2126 \ufb1d \u0958",
    "\u166d \u1734 \u1885 \ua9bd \U000111c9",
]
ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789",
    " \t\n\r\u00a0\u2003\u3000",
    ".,:;!?()[]{}<>/\\|-_=+*&^%$#@~`'\"",
    [chr(c) for c in range(0x00C0, 0x0250)],
    [chr(c) for c in range(0x0300, 0x0370)],
    [chr(c) for c in range(0x0370, 0x0530)],
    [chr(c) for c in range(0x0590, 0x0780)],
    [chr(c) for c in range(0x0900, 0x0E80)],
    [chr(c) for c in range(0x1100, 0x1200)],
    [chr(c) for c in range(0x1AB0, 0x1B00)] + [chr(c) for c in range(0x1DC0, 0x1E00)],
    [chr(c) for c in range(0x1E00, 0x2000)],
    [chr(c) for c in range(0x2000, 0x2070)],
    [chr(c) for c in range(0x2070, 0x2C00)],
    [chr(c) for c in range(0x3000, 0x3200)],
    [chr(c) for c in range(0x4E00, 0x9FFF, 7)],
    [chr(c) for c in range(0xAC00, 0xD7A4, 5)],
    [chr(c) for c in range(0xE000, 0xF900, 50)],
    [chr(c) for c in range(0xF900, 0xFB50)],
    [chr(c) for c in range(0xFE00, 0xFE10)],
    [chr(c) for c in range(0xFB50, 0xFFFE)],
    [chr(c) for c in range(0x1F300, 0x1FB00)],
    [chr(c) for c in range(0x10000, 0x12000)],
    [chr(c) for c in range(0xE0000, 0xE0200)],
    [chr(c) for c in range(0, 0x20)] + [chr(c) for c in range(0x7F, 0xA0)],
    ["[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]", "##"],
]


def every_character():
    """Each character alone and inside a word; of the unused and private planes, a sample."""
    points = [
        c
        for c in range(0x110000)
        if not 0xD800 <= c < 0xE000 and (c < 0x40000 or c >> 16 == 14 or c % 61 == 0)
    ]
    for i in range(0, len(points), 25):
        yield " ".join(f"{chr(c)} x{chr(c)}y" for c in points[i : i + 25])


def random_texts(count, vocabulary):
    rng = random.Random(20_260)
    for i in range(count):
        alphabets = rng.sample(ALPHABETS, rng.randint(1, 4))
        parts = []
        for _ in range(rng.randint(1, 400 if i % 50 == 0 else 40)):
            if rng.random() < 0.3:
                parts.append(rng.choice(vocabulary).removeprefix("##"))
            else:
                parts.append(rng.choice(rng.choice(alphabets)))
            if rng.random() < 0.15:
                parts.append(" ")
        yield "".join(parts)


def main():
    model = dependencies + "/minilm"
    tokenizer = Tokenizer.from_file(model + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    with open(model + "/vocab.txt", encoding="utf-8") as file:
        vocabulary = file.read().split("\n")[:-1]
    texts = EDGES + list(random_texts(15_000, vocabulary)) + list(every_character())
    with open(output, "w", encoding="ascii") as file:
        for text, encoding in zip(texts, tokenizer.encode_batch(texts)):
            ids = " ".join(map(str, encoding.ids))
            file.write(f"{text.encode('utf-8').hex()}\t{ids}\n")


main()
