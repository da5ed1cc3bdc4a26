package signal

import (
	"crypto/sha256"
	"math/big"
	"slices"
	"strings"
)

// Payment is where money goes: a handle at a payment service, a wallet, a bank account.
var Payment = &Type{
	Name:         "payment",
	Summary:      "payment handle, wallet or bank account",
	Example:      "cashapp:$zorblyplim",
	Compare:      Exact,
	Personal:     true,
	Retention:    180,
	MaxRetention: 365,
	STIX:         "user-account:account_login",
	MISP:         "text",
	normalize:    normalizePayment,
}

// paymentHosts are the addresses of payment pages, with the scheme their handles get.
var paymentHosts = map[string]string{
	"cash.app": "cashapp", "cash.me": "cashapp", "cashapp.com": "cashapp",
	"paypal.me": "paypal", "paypal.com": "paypal",
	"venmo.com": "venmo", "account.venmo.com": "venmo",
	"revolut.me": "revolut", "monzo.me": "monzo", "wise.com": "wise",
	"ko-fi.com": "kofi", "buymeacoffee.com": "buymeacoffee", "patreon.com": "patreon", "throne.com": "throne",
}

// paymentAliases are other words for a scheme.
var paymentAliases = map[string]string{
	"cash-app": "cashapp", "cashtag": "cashapp", "ko-fi": "kofi",
	"bitcoin": "btc", "ethereum": "eth", "litecoin": "ltc", "dogecoin": "doge", "tron": "trx", "monero": "xmr",
}

// caseless are the schemes whose handles are the same in capital and small letters.
var caseless = []string{"cashapp", "paypal", "venmo", "revolut", "monzo", "wise", "kofi", "buymeacoffee", "patreon", "throne", "upi"}

// ungroup takes out what people write between groups of digits.
var ungroup = strings.NewReplacer(" ", "", "-", "")

// normalizePayment takes "scheme:handle", the page of a payment service, a "$cashtag", and
// without a scheme what a checksum makes certain: a wallet or an IBAN. The canonical form
// is "scheme:handle" with the scheme in lower case. The number of a payment card is
// refused: it is its owner's secret and no way to pay anybody.
func normalizePayment(s string) (Value, error) {
	scheme, handle := splitPayment(narrow(visible(s)))
	if digits := ungroup.Replace(handle); luhn(digits) {
		return Value{}, bad("a card number", "card numbers must not be shared")
	}
	if scheme == "" {
		if scheme = guessPayment(handle); scheme == "" {
			return Value{}, bad("no payment scheme", "write scheme:handle, as in cashapp:$tag, btc:address, iban:number")
		}
	}
	if canonical := paymentAliases[scheme]; canonical != "" {
		scheme = canonical
	}
	if len(scheme) < 2 || len(scheme) > 32 || strings.Contains(scheme, ".") || !plainHost(scheme) || strings.Trim(scheme, "0123456789") == "" {
		return Value{}, bad("no such form of payment scheme", "a word in small letters, then a colon, then the handle")
	}
	handle, ok := paymentHandle(scheme, handle)
	if !ok {
		return Value{}, bad("not a handle of this payment scheme", "check for a missing or changed character")
	}
	return Value{Canonical: scheme + ":" + handle}, nil
}

// splitPayment separates scheme and handle; scheme is "" if none is said.
func splitPayment(s string) (scheme, handle string) {
	if strings.HasPrefix(s, "$") {
		return "cashapp", s
	}
	_, page := splitScheme(s)
	if host, path, ok := strings.Cut(refangDots(page), "/"); ok {
		if scheme := paymentHosts[strings.TrimPrefix(strings.ToLower(host), "www.")]; scheme != "" {
			path, _, _ = strings.Cut(path, "?")
			path = strings.Trim(path, "/")
			return scheme, path[strings.LastIndexByte(path, '/')+1:]
		}
	}
	scheme, handle, ok := strings.Cut(s, ":")
	if !ok {
		return "", s
	}
	handle, _, _ = strings.Cut(handle, "?") // bitcoin:address?amount=1
	return strings.ToLower(strings.TrimSpace(scheme)), strings.TrimSpace(handle)
}

// paymentHandle brings a handle to the form of its scheme.
func paymentHandle(scheme, handle string) (string, bool) {
	switch scheme {
	case "iban":
		return iban(handle)
	case "eth":
		handle = strings.ToLower(handle)
		return handle, len(handle) == 42 && handle[:2] == "0x" && isHex(handle[2:])
	case "btc", "ltc", "doge", "trx":
		if guessPayment(handle) != scheme {
			return "", false
		}
		if lower := strings.ToLower(handle); bech32(lower) {
			return lower, true
		}
		return handle, true
	case "xmr":
		return handle, guessPayment(handle) == scheme
	}
	handle = strings.TrimLeft(handle, "$@")
	if slices.Contains(caseless, scheme) {
		handle = strings.ToLower(handle)
	}
	at := strings.Count(handle, "@")
	return handle, len(handle) >= 2 && accountID(handle) && !strings.ContainsAny(handle, "/:|") &&
		(at == 0 || at == 1 && scheme == "upi" && !holdsAddress(handle)) && !encoded(handle)
}

// guessPayment names the scheme of a handle that carries a checksum, "" if it has none.
func guessPayment(s string) string {
	switch {
	case len(s) == 42 && strings.HasPrefix(strings.ToLower(s), "0x") && isHex(s[2:]):
		return "eth"
	case len(s) == 95 && (s[0] == '4' || s[0] == '8') && strings.Trim(s, base58Alphabet) == "":
		return "xmr"
	}
	if _, ok := iban(s); ok {
		return "iban"
	}
	if lower := strings.ToLower(s); bech32(lower) && (s == lower || s == strings.ToUpper(s)) {
		if strings.HasPrefix(lower, "bc1") {
			return "btc"
		}
		return "ltc"
	}
	switch version, ok := base58Check(s); {
	case !ok:
		return ""
	case version == 0x00 || version == 0x05:
		return "btc"
	case version == 0x30 || version == 0x32:
		return "ltc"
	case version == 0x1E || version == 0x16:
		return "doge"
	case version == 0x41:
		return "trx"
	}
	return ""
}

// iban checks an international bank account number (ISO 13616) and takes its blanks out.
func iban(s string) (string, bool) {
	s = strings.ToUpper(ungroup.Replace(s))
	if len(s) > 4 && s[:4] == "IBAN" {
		s = s[4:]
	}
	if len(s) < 15 || len(s) > 34 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return "", false
	}
	rest := 0
	for i := range len(s) {
		switch c := s[(i+4)%len(s)]; {
		case c >= '0' && c <= '9':
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z':
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return "", false
		}
	}
	return s, rest == 1 && s[2] >= '0' && s[2] <= '9' && s[3] >= '0' && s[3] <= '9'
}

const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// base58Check checks an address of 25 bytes and returns its version byte.
func base58Check(s string) (version byte, ok bool) {
	if len(s) < 25 || len(s) > 35 || strings.Trim(s, base58Alphabet) != "" {
		return 0, false
	}
	n, ones := new(big.Int), 0
	for i := range len(s) {
		if s[i] == '1' && ones == i {
			ones++
		}
		n.Mul(n, big.NewInt(58)).Add(n, big.NewInt(int64(strings.IndexByte(base58Alphabet, s[i]))))
	}
	body := n.Bytes()
	if len(body)+ones != 25 {
		return 0, false
	}
	var raw [25]byte
	copy(raw[ones:], body)
	once := sha256.Sum256(raw[:21])
	sum := sha256.Sum256(once[:])
	return raw[0], [4]byte(sum[:4]) == [4]byte(raw[21:])
}

// bech32 checks a segregated-witness address (BIP 173, BIP 350) in lower case.
func bech32(s string) bool {
	if len(s) < 14 || len(s) > 90 || s[:3] != "bc1" && s[:4] != "ltc1" {
		return false
	}
	head, data, _ := strings.Cut(s, "1")
	sum := uint32(1)
	for i := range len(head) {
		sum = polymod(sum, head[i]>>5)
	}
	sum = polymod(sum, 0)
	for i := range len(head) {
		sum = polymod(sum, head[i]&31)
	}
	for i := range len(data) {
		v := strings.IndexByte("qpzry9x8gf2tvdw0s3jn54khce6mua7l", data[i])
		if v < 0 {
			return false
		}
		sum = polymod(sum, byte(v))
	}
	return sum == 1 || sum == 0x2BC830A3
}

// polymod is one step of the checksum of bech32.
func polymod(sum uint32, v byte) uint32 {
	top := sum >> 25
	sum = (sum&0x1FFFFFF)<<5 ^ uint32(v)
	for i, g := range [5]uint32{0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3} {
		if top>>i&1 == 1 {
			sum ^= g
		}
	}
	return sum
}

// luhn reports whether s can be the number of a payment card (ISO/IEC 7812).
func luhn(s string) bool {
	if len(s) < 13 || len(s) > 19 || strings.Trim(s, "0123456789") != "" {
		return false
	}
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
