// Package desk is how a company of the demo works: its agent looks at what is its own, its
// people review what was found and widen it in rounds, record what was done under their own
// word, and share what they may.
//
// People decide by what their platform shows them, as package world draws it, and know
// nothing else. Everything goes through the company's own agent, with its people's keys. A
// further step of the work (a reason, a second pair of eyes) is one more method here, and
// every story has it.
package desk
