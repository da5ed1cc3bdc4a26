package policy

import "lantern"

// Exportable says why an active signal of another member may not be written to a file, in words
// for people: "" if it may. A file goes where no rule follows.
func Exportable(s *lantern.Signal) (why string) {
	switch {
	case s.Handling == lantern.Red:
		return "RED"
	case s.UseRestriction != "":
		return "bound to one use"
	}
	return ""
}
