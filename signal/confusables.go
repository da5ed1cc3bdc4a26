package signal

import "sync"

// lookalikeTable says which letters are taken for which Latin ones. It is our own choice
// in the spirit of Unicode Technical Standard 39, held to lower case: a letter stands here
// if its lower or its upper form can pass for the Latin letter in running text. Where
// the two forms resemble different letters (Greek eta is "n" small and "H" large) the form
// that is identical wins, because a letter must fold the same in both cases. Accented,
// full-width, mathematical, circled and small-raised letters need no entry: they
// decompose. Digits are not taken for letters.
var lookalikeTable = []struct{ latin, others string }{
	{"a", "аɑɐᴀαƌⱥаⲁꭺ𐊠"},
	{"b", "вьъβƀɓʙƃᏼᏏьⲃꞵ"},
	{"c", "сϲᴄƈȼϛⅽⲥꮯꞓ"},
	{"d", "ԁđɖɗᴅȡꭰꮷꓒ"},
	{"e", "еєεɛᴇəǝҽɇɘℯꬲⲉꭼ"},
	{"f", "ƒꜰғẝꞙϝ"},
	{"g", "ɡɢɠǥցᶃԍꮐ"},
	{"h", "һнհηħɦʜⲏꮋ"},
	{"i", "іıιɪɨɩӏꙇⲓꭵ"},
	{"j", "јϳɉɟᴊյȷꭻ"},
	{"k", "кκƙᴋқҝӄⲕꮶ"},
	{"l", "łɫƚʟɭⅼǀꓡꮮ"},
	{"m", "мμɱᴍⅿⲙꮇ"},
	{"n", "пոռŋɲɴƞɳ"},
	{"o", "оοօøɵᴏөѳσⲟഠဝ𐐬ꭴ"},
	{"p", "рρƥᴘþᵽⲣꮲ"},
	{"q", "ԛզɋʠգ"},
	{"r", "гʀɍɾɼɽᴦⲅꭱꮢ"},
	{"s", "ѕꜱʂȿƨꮪ"},
	{"t", "тτŧƭƫʈᴛⲧꭲ"},
	{"u", "υսᴜʉʊ"},
	{"v", "νѵᴠʋⱱⅴꮩ"},
	{"w", "ѡԝωաɯᴡꮃꮤ"},
	{"x", "хχҳⅹⲭ"},
	{"y", "уүγʏƴɏⲩꭹ"},
	{"z", "ᴢƶʐʑȥζⲍꮓ"},
	{"ae", "æᴁ"},
	{"oe", "œɶ"},
	{"ss", "ß"},
}

// negativeLetters are alphabets of white letters on black, which do not decompose.
var negativeLetters = []rune{0x1F150, 0x1F170}

// lookalikes is lookalikeTable turned around.
var lookalikes = sync.OnceValue(func() map[rune]string {
	m := make(map[rune]string, 512)
	for _, row := range lookalikeTable {
		for _, r := range row.others {
			m[r] = row.latin
		}
	}
	for _, first := range negativeLetters {
		for i := range rune(26) {
			m[first+i] = string('a' + i)
		}
	}
	return m
})
