//! The EBCDIC pages.
//!
//! **Invariant.** Byte 15 is NEL (U+0085) and byte 25 is LF (U+000A), as IBM's CDRA has it: one byte, one character.
//!
//! The characters are those of OpenJDK 17 (`jdk.charsets`). Compared byte by byte with Python's `cp037 cp273 cp500 cp875
//! cp1026 cp1140` and with glibc's `IBM…` converters; where these are of another mind (four of them take an overline for the
//! macron, and 278 and 871 are mixed up in RFC 1345), IBM's tables decide. Java reads both 15 and 25 as LF, and 1047 the
//! other way round: neither can be written back.

use super::single::SinglePage;

/// The control characters of every EBCDIC page, bytes 00 to 3F.
pub(super) const CONTROLS: &str = concat!(
    "\u{0}\u{1}\u{2}\u{3}\u{9c}\u{9}\u{86}\u{7f}\u{97}\u{8d}\u{8e}\u{b}\u{c}\u{d}\u{e}\u{f}",
    "\u{10}\u{11}\u{12}\u{13}\u{9d}\u{85}\u{8}\u{87}\u{18}\u{19}\u{92}\u{8f}\u{1c}\u{1d}\u{1e}\u{1f}",
    "\u{80}\u{81}\u{82}\u{83}\u{84}\u{a}\u{17}\u{1b}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{5}\u{6}\u{7}",
    "\u{90}\u{91}\u{16}\u{93}\u{94}\u{95}\u{96}\u{4}\u{98}\u{99}\u{9a}\u{9b}\u{14}\u{15}\u{9e}\u{1a}",
);

pub(super) static CP037: SinglePage = SinglePage::ebcdic(
    "cp037",
    concat!(
        " \u{a0}âäàáãåçñ¢.<(+|",
        "&éêëèíîïìß!$*);¬",
        "-/ÂÄÀÁÃÅÇÑ¦,%_>?",
        "øÉÊËÈÍÎÏÌ`:#@'=\"",
        "Øabcdefghi«»ðýþ±",
        "°jklmnopqrªºæ¸Æ¤",
        "µ~stuvwxyz¡¿ÐÝÞ®",
        "^£¥·©§¶¼½¾[]¯¨´×",
        "{ABCDEFGHI\u{ad}ôöòóõ",
        "}JKLMNOPQR¹ûüùúÿ",
        "\\÷STUVWXYZ²ÔÖÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP273: SinglePage = SinglePage::ebcdic(
    "cp273",
    concat!(
        " \u{a0}â{àáãåçñÄ.<(+!",
        "&éêëèíîïì~Ü$*);^",
        "-/Â[ÀÁÃÅÇÑö,%_>?",
        "øÉÊËÈÍÎÏÌ`:#§'=\"",
        "Øabcdefghi«»ðýþ±",
        "°jklmnopqrªºæ¸Æ¤",
        "µßstuvwxyz¡¿ÐÝÞ®",
        "¢£¥·©@¶¼½¾¬|¯¨´×",
        "äABCDEFGHI\u{ad}ô¦òóõ",
        "üJKLMNOPQR¹û}ùúÿ",
        "Ö÷STUVWXYZ²Ô\\ÒÓÕ",
        "0123456789³Û]ÙÚ\u{9f}",
    ),
);

pub(super) static CP277: SinglePage = SinglePage::ebcdic(
    "cp277",
    concat!(
        " \u{a0}âäàáã}çñ#.<(+!",
        "&éêëèíîïìß¤Å*);^",
        "-/ÂÄÀÁÃ$ÇÑø,%_>?",
        "¦ÉÊËÈÍÎÏÌ`:ÆØ'=\"",
        "@abcdefghi«»ðýþ±",
        "°jklmnopqrªº{¸[]",
        "µüstuvwxyz¡¿ÐÝÞ®",
        "¢£¥·©§¶¼½¾¬|¯¨´×",
        "æABCDEFGHI\u{ad}ôöòóõ",
        "åJKLMNOPQR¹û~ùúÿ",
        "\\÷STUVWXYZ²ÔÖÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP278: SinglePage = SinglePage::ebcdic(
    "cp278",
    concat!(
        " \u{a0}â{àáã}çñ§.<(+!",
        "&`êëèíîïìß¤Å*);^",
        "-/Â#ÀÁÃ$ÇÑö,%_>?",
        "ø\\ÊËÈÍÎÏÌé:ÄÖ'=\"",
        "Øabcdefghi«»ðýþ±",
        "°jklmnopqrªºæ¸Æ]",
        "µüstuvwxyz¡¿ÐÝÞ®",
        "¢£¥·©[¶¼½¾¬|¯¨´×",
        "äABCDEFGHI\u{ad}ô¦òóõ",
        "åJKLMNOPQR¹û~ùúÿ",
        "É÷STUVWXYZ²Ô@ÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP280: SinglePage = SinglePage::ebcdic(
    "cp280",
    concat!(
        " \u{a0}âä{áãå\\ñ°.<(+!",
        "&]êë}íîï~ßé$*);^",
        "-/ÂÄÀÁÃÅÇÑò,%_>?",
        "øÉÊËÈÍÎÏÌù:£§'=\"",
        "Øabcdefghi«»ðýþ±",
        "[jklmnopqrªºæ¸Æ¤",
        "µìstuvwxyz¡¿ÐÝÞ®",
        "¢#¥·©@¶¼½¾¬|¯¨´×",
        "àABCDEFGHI\u{ad}ôö¦óõ",
        "èJKLMNOPQR¹ûü`úÿ",
        "ç÷STUVWXYZ²ÔÖÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP284: SinglePage = SinglePage::ebcdic(
    "cp284",
    concat!(
        " \u{a0}âäàáãåç¦[.<(+|",
        "&éêëèíîïìß]$*);¬",
        "-/ÂÄÀÁÃÅÇ#ñ,%_>?",
        "øÉÊËÈÍÎÏÌ`:Ñ@'=\"",
        "Øabcdefghi«»ðýþ±",
        "°jklmnopqrªºæ¸Æ¤",
        "µ¨stuvwxyz¡¿ÐÝÞ®",
        "¢£¥·©§¶¼½¾^!¯~´×",
        "{ABCDEFGHI\u{ad}ôöòóõ",
        "}JKLMNOPQR¹ûüùúÿ",
        "\\÷STUVWXYZ²ÔÖÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP285: SinglePage = SinglePage::ebcdic(
    "cp285",
    concat!(
        " \u{a0}âäàáãåçñ$.<(+|",
        "&éêëèíîïìß!£*);¬",
        "-/ÂÄÀÁÃÅÇÑ¦,%_>?",
        "øÉÊËÈÍÎÏÌ`:#@'=\"",
        "Øabcdefghi«»ðýþ±",
        "°jklmnopqrªºæ¸Æ¤",
        "µ¯stuvwxyz¡¿ÐÝÞ®",
        "¢[¥·©§¶¼½¾^]~¨´×",
        "{ABCDEFGHI\u{ad}ôöòóõ",
        "}JKLMNOPQR¹ûüùúÿ",
        "\\÷STUVWXYZ²ÔÖÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP297: SinglePage = SinglePage::ebcdic(
    "cp297",
    concat!(
        " \u{a0}âä@áãå\\ñ°.<(+!",
        "&{êë}íîïìß§$*);^",
        "-/ÂÄÀÁÃÅÇÑù,%_>?",
        "øÉÊËÈÍÎÏÌµ:£à'=\"",
        "Øabcdefghi«»ðýþ±",
        "[jklmnopqrªºæ¸Æ¤",
        "`¨stuvwxyz¡¿ÐÝÞ®",
        "¢#¥·©]¶¼½¾¬|¯~´×",
        "éABCDEFGHI\u{ad}ôöòóõ",
        "èJKLMNOPQR¹ûü¦úÿ",
        "ç÷STUVWXYZ²ÔÖÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP500: SinglePage = SinglePage::ebcdic(
    "cp500",
    concat!(
        " \u{a0}âäàáãåçñ[.<(+!",
        "&éêëèíîïìß]$*);^",
        "-/ÂÄÀÁÃÅÇÑ¦,%_>?",
        "øÉÊËÈÍÎÏÌ`:#@'=\"",
        "Øabcdefghi«»ðýþ±",
        "°jklmnopqrªºæ¸Æ¤",
        "µ~stuvwxyz¡¿ÐÝÞ®",
        "¢£¥·©§¶¼½¾¬|¯¨´×",
        "{ABCDEFGHI\u{ad}ôöòóõ",
        "}JKLMNOPQR¹ûüùúÿ",
        "\\÷STUVWXYZ²ÔÖÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP870: SinglePage = SinglePage::ebcdic(
    "cp870",
    concat!(
        " \u{a0}âäţáăčçć[.<(+!",
        "&éęëůíîľĺß]$*);^",
        "-/ÂÄ˝ÁĂČÇĆ|,%_>?",
        "ˇÉĘËŮÍÎĽĹ`:#@'=\"",
        "˘abcdefghiśňđýřş",
        "°jklmnopqrłńš¸˛¤",
        "ą~stuvwxyzŚŇĐÝŘŞ",
        "˙ĄżŢŻ§žźŽŹŁŃŠ¨´×",
        "{ABCDEFGHI\u{ad}ôöŕóő",
        "}JKLMNOPQRĚűüťúě",
        "\\÷STUVWXYZďÔÖŔÓŐ",
        "0123456789ĎŰÜŤÚ\u{9f}",
    ),
);

pub(super) static CP871: SinglePage = SinglePage::ebcdic(
    "cp871",
    concat!(
        " \u{a0}âäàáãåçñÞ.<(+!",
        "&éêëèíîïìßÆ$*);Ö",
        "-/ÂÄÀÁÃÅÇÑ¦,%_>?",
        "øÉÊËÈÍÎÏÌð:#Ð'=\"",
        "Øabcdefghi«»`ý{±",
        "°jklmnopqrªº}¸]¤",
        "µöstuvwxyz¡¿@Ý[®",
        "¢£¥·©§¶¼½¾¬|¯¨\\×",
        "þABCDEFGHI\u{ad}ô~òóõ",
        "æJKLMNOPQR¹ûüùúÿ",
        "´÷STUVWXYZ²Ô^ÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP875: SinglePage = SinglePage::ebcdic(
    "cp875",
    concat!(
        " ΑΒΓΔΕΖΗΘΙ[.<(+!",
        "&ΚΛΜΝΞΟΠΡΣ]$*);^",
        "-/ΤΥΦΧΨΩΪΫ|,%_>?",
        "¨ΆΈΉ\u{a0}ΊΌΎΏ`:#@'=\"",
        "΅abcdefghiαβγδεζ",
        "°jklmnopqrηθικλμ",
        "´~stuvwxyzνξοπρσ",
        "£άέήϊίόύϋώςτυφχψ",
        "{ABCDEFGHI\u{ad}ωΐΰ‘―",
        "}JKLMNOPQR±½\u{ffff}·’¦",
        "\\\u{ffff}STUVWXYZ²§\u{ffff}\u{ffff}«¬",
        "0123456789³©\u{ffff}\u{ffff}»\u{9f}",
    ),
);

pub(super) static CP1025: SinglePage = SinglePage::ebcdic(
    "cp1025",
    concat!(
        " \u{a0}ђѓёєѕіїј[.<(+!",
        "&љњћќўџЪ№Ђ]$*);^",
        "-/ЃЁЄЅІЇЈЉ|,%_>?",
        "ЊЋЌ\u{ad}ЎЏюаб`:#@'=\"",
        "цabcdefghiдефгхи",
        "йjklmnopqrклмноп",
        "я~stuvwxyzрстужв",
        "ьызшэщчъЮАБЦДЕФГ",
        "{ABCDEFGHIХИЙКЛМ",
        "}JKLMNOPQRНОПЯРС",
        "\\§STUVWXYZТУЖВЬЫ",
        "0123456789ЗШЭЩЧ\u{9f}",
    ),
);

pub(super) static CP1026: SinglePage = SinglePage::ebcdic(
    "cp1026",
    concat!(
        " \u{a0}âäàáãå{ñÇ.<(+!",
        "&éêëèíîïìßĞİ*);^",
        "-/ÂÄÀÁÃÅ[Ñş,%_>?",
        "øÉÊËÈÍÎÏÌı:ÖŞ'=Ü",
        "Øabcdefghi«»}`¦±",
        "°jklmnopqrªºæ¸Æ¤",
        "µöstuvwxyz¡¿]$@®",
        "¢£¥·©§¶¼½¾¬|¯¨´×",
        "çABCDEFGHI\u{ad}ô~òóõ",
        "ğJKLMNOPQR¹û\\ùúÿ",
        "ü÷STUVWXYZ²Ô#ÒÓÕ",
        "0123456789³Û\"ÙÚ\u{9f}",
    ),
);

pub(super) static CP1047: SinglePage = SinglePage::ebcdic(
    "cp1047",
    concat!(
        " \u{a0}âäàáãåçñ¢.<(+|",
        "&éêëèíîïìß!$*);^",
        "-/ÂÄÀÁÃÅÇÑ¦,%_>?",
        "øÉÊËÈÍÎÏÌ`:#@'=\"",
        "Øabcdefghi«»ðýþ±",
        "°jklmnopqrªºæ¸Æ¤",
        "µ~stuvwxyz¡¿Ð[Þ®",
        "¬£¥·©§¶¼½¾Ý¨¯]´×",
        "{ABCDEFGHI\u{ad}ôöòóõ",
        "}JKLMNOPQR¹ûüùúÿ",
        "\\÷STUVWXYZ²ÔÖÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP1112: SinglePage = SinglePage::ebcdic(
    "cp1112",
    concat!(
        " \u{a0}šäąįūåēž¢.<(+|",
        "&éęėčų„“ģß!$*);¬",
        "-/ŠÄĄĮŪÅĒŽ¦,%_>?",
        "øÉĘĖČŲĪĻĢ`:#@'=\"",
        "Øabcdefghi«»āżń±",
        "°jklmnopqrŖŗæķÆ¤",
        "µ~stuvwxyz”źĀŻŃ®",
        "^£ī·©§¶¼½¾[]ŹĶļ×",
        "{ABCDEFGHI\u{ad}ōöņóõ",
        "}JKLMNOPQR¹ćüłś’",
        "\\÷STUVWXYZ²ŌÖŅÓÕ",
        "0123456789³ĆÜŁŚ\u{9f}",
    ),
);

pub(super) static CP1122: SinglePage = SinglePage::ebcdic(
    "cp1122",
    concat!(
        " \u{a0}â{àáã}çñ§.<(+!",
        "&`êëèíîïìß¤Å*);^",
        "-/Â#ÀÁÃ$ÇÑö,%_>?",
        "ø\\ÊËÈÍÎÏÌé:ÄÖ'=\"",
        "Øabcdefghi«»šýž±",
        "°jklmnopqrªºæ¸Æ]",
        "µüstuvwxyz¡¿ŠÝŽ®",
        "¢£¥·©[¶¼½¾¬|‾¨´×",
        "äABCDEFGHI\u{ad}ô¦òóõ",
        "åJKLMNOPQR¹û~ùúÿ",
        "É÷STUVWXYZ²Ô@ÒÓÕ",
        "0123456789³ÛÜÙÚ\u{9f}",
    ),
);

pub(super) static CP1123: SinglePage = SinglePage::ebcdic(
    "cp1123",
    concat!(
        " \u{a0}ђґёєѕіїј[.<(+!",
        "&љњћќўџЪ№Ђ]$*);^",
        "-/ҐЁЄЅІЇЈЉ|,%_>?",
        "ЊЋЌ\u{ad}ЎЏюаб`:#@'=\"",
        "цabcdefghiдефгхи",
        "йjklmnopqrклмноп",
        "я~stuvwxyzрстужв",
        "ьызшэщчъЮАБЦДЕФГ",
        "{ABCDEFGHIХИЙКЛМ",
        "}JKLMNOPQRНОПЯРС",
        "\\§STUVWXYZТУЖВЬЫ",
        "0123456789ЗШЭЩЧ\u{9f}",
    ),
);

pub(super) static CP1140: SinglePage = CP037.with("cp1140", 0x9F, '€');
pub(super) static CP1141: SinglePage = CP273.with("cp1141", 0x9F, '€');
pub(super) static CP1142: SinglePage = CP277.with("cp1142", 0x5A, '€');
pub(super) static CP1143: SinglePage = CP278.with("cp1143", 0x5A, '€');
pub(super) static CP1144: SinglePage = CP280.with("cp1144", 0x9F, '€');
pub(super) static CP1145: SinglePage = CP284.with("cp1145", 0x9F, '€');
pub(super) static CP1146: SinglePage = CP285.with("cp1146", 0x9F, '€');
pub(super) static CP1147: SinglePage = CP297.with("cp1147", 0x9F, '€');
pub(super) static CP1148: SinglePage = CP500.with("cp1148", 0x9F, '€');
pub(super) static CP1149: SinglePage = CP871.with("cp1149", 0x9F, '€');
