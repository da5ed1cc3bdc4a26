// Package threatexchange is a face of the exchange for clients of Meta's ThreatExchange: they
// work with nothing but another base URL. docs/protocol/threatexchange.md is its manual.
//
// It translates and decides nothing. Package format/threatexchange holds the words, package
// exchange what may be seen and done; types that name a person show only where the program lets
// foreign clients have them, suspended signals not at all.
//
// # Traps of the wire
//
// Any version stands before a path, or none, and a slash behind it or not; nothing is ever
// redirected, for some clients turn a redirected POST into a GET. The access token is a query
// parameter, so no query may reach a log, an error or a metric: routes are named by a closed
// list, and errors never repeat what was sent. Parameters come in the query, in the body, or the
// same ones in both; the query wins. A list of updates always has a row.
package threatexchange
