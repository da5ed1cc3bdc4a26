// Package sqltext reads SQL as text: it cuts a script into statements and tokens, and holds
// a schema to the portable subset that package sqldb describes. It is no parser; it reads
// the style our statements are written in, and what it does not know the engines refuse.
package sqltext
