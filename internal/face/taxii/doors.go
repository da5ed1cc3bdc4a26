package taxii

// Routes names everything the face answers, each as METHOD /path with {names} in it, for whoever
// must know every way into an exchange.
func Routes() (list []string) {
	for _, rt := range routes(Prefix) {
		list = append(list, rt.method+" "+rt.path)
	}
	return list
}
