// Package starter serves a member without engineers: it asks what an agent must know, reads a
// table of usernames or links as people have them, and explains in plain words what a
// possible match is and is not, what to check and what to do next.
//
// The words are data: the questions are a list, and the pages stand under pages/ as text that
// anybody can read and mend. They are guidance and no legal advice, and say so; what they
// state of the law of the United States is what its statute says of providers there.
//
// Nothing here decides anything. A match is strong or weak by what is known of it, and both
// need a person.
package starter
