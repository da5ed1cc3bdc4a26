package world

// Copy names the text that all of an account's posts are copies of; "" if they are not. Two
// accounts of one name may be decided together.
func (r *Reviewer) Copy(id string) string { return r.evidence(id) }
