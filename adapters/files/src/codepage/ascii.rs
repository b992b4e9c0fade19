//! Pages whose lower half is ASCII and that the web does not know, or knows otherwise.
//!
//! **Invariant.** `ascii` has 128 characters, and `latin1` is ISO 8859-1: neither is windows-1252, which browsers take for both.
//!
//! The characters of the numbered pages are those of OpenJDK 17, compared with Python and glibc: all three agree.

use super::single::SinglePage;

pub(super) static ASCII: SinglePage = SinglePage::ascii("ascii", "");

pub(super) static LATIN1: SinglePage = SinglePage::new("latin1", false, latin1());

pub(super) static CP437: SinglePage = SinglePage::ascii(
    "cp437",
    concat!(
        "ÇüéâäàåçêëèïîìÄÅ",
        "ÉæÆôöòûùÿÖÜ¢£¥₧ƒ",
        "áíóúñÑªº¿⌐¬½¼¡«»",
        "░▒▓│┤╡╢╖╕╣║╗╝╜╛┐",
        "└┴┬├─┼╞╟╚╔╩╦╠═╬╧",
        "╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀",
        "αßΓπΣσµτΦΘΩδ∞φε∩",
        "≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}",
    ),
);

pub(super) static CP850: SinglePage = SinglePage::ascii(
    "cp850",
    concat!(
        "ÇüéâäàåçêëèïîìÄÅ",
        "ÉæÆôöòûùÿÖÜø£Ø×ƒ",
        "áíóúñÑªº¿®¬½¼¡«»",
        "░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐",
        "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤",
        "ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀",
        "ÓßÔÒõÕµþÞÚÛÙýÝ¯´",
        "\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
    ),
);

pub(super) static CP852: SinglePage = SinglePage::ascii(
    "cp852",
    concat!(
        "ÇüéâäůćçłëŐőîŹÄĆ",
        "ÉĹĺôöĽľŚśÖÜŤťŁ×č",
        "áíóúĄąŽžĘę¬źČş«»",
        "░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐",
        "└┴┬├─┼Ăă╚╔╩╦╠═╬¤",
        "đĐĎËďŇÍÎě┘┌█▄ŢŮ▀",
        "ÓßÔŃńňŠšŔÚŕŰýÝţ´",
        "\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
    ),
);

pub(super) static CP858: SinglePage = SinglePage::ascii(
    "cp858",
    concat!(
        "ÇüéâäàåçêëèïîìÄÅ",
        "ÉæÆôöòûùÿÖÜø£Ø×ƒ",
        "áíóúñÑªº¿®¬½¼¡«»",
        "░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐",
        "└┴┬├─┼ãÃ╚╔╩╦╠═╬¤",
        "ðÐÊËÈ€ÍÎÏ┘┌█▄¦Ì▀",
        "ÓßÔÒõÕµþÞÚÛÙýÝ¯´",
        "\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
    ),
);

pub(super) static ISO_8859_9: SinglePage = SinglePage::ascii(
    "iso-8859-9",
    concat!(
        "\u{80}\u{81}\u{82}\u{83}\u{84}\u{85}\u{86}\u{87}\u{88}\u{89}\u{8a}\u{8b}\u{8c}\u{8d}\u{8e}\u{8f}",
        "\u{90}\u{91}\u{92}\u{93}\u{94}\u{95}\u{96}\u{97}\u{98}\u{99}\u{9a}\u{9b}\u{9c}\u{9d}\u{9e}\u{9f}",
        "\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯",
        "°±²³´µ¶·¸¹º»¼½¾¿",
        "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏ",
        "ĞÑÒÓÔÕÖ×ØÙÚÛÜİŞß",
        "àáâãäåæçèéêëìíîï",
        "ğñòóôõö÷øùúûüışÿ",
    ),
);

const fn latin1() -> [char; 256] {
    let mut chars = ['\0'; 256];
    let mut byte = 0;
    while byte < 256 {
        chars[byte] = byte as u8 as char;
        byte += 1;
    }
    chars
}
