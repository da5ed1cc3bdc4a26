package policy

import "time"

// clockSlack is how far the clock may be put back, by whatever keeps it right, before what
// it says of the last contact is not believed any more.
const clockSlack = 5 * time.Minute

// SinceContact returns how long ago the exchange was reached. Two clocks count: that of the
// wall, which somebody may set, and the machine's own, which stands still while the machine
// sleeps; the longer time holds, so that neither a sleep nor a clock put back prolongs the
// lease. ahead says that the contact lies in the future: nobody can say how long ago it was.
func SinceContact(now, contact time.Time) (age time.Duration, ahead bool) {
	wall := now.Round(0).Sub(contact.Round(0))
	return max(wall, now.Sub(contact)), wall < -clockSlack
}
