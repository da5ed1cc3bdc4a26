package threatexchange

import (
	"strings"

	"lantern"
)

// route is one line of the table. In a path, {id} stands for any id.
type route struct {
	method, path string
	perform      func(*call) (any, error)
}

// routes lists everything the face answers.
func routes() []route {
	return []route{
		{"GET", "/", (*call).readMany},
		{"POST", "/", (*call).runBatch},
		{"GET", "/threat_descriptors", (*call).findDescriptors},
		{"POST", "/threat_descriptors", (*call).submit},
		{"GET", "/threat_indicators", (*call).findIndicators},
		{"POST", "/threat_indicators", (*call).submit},
		{"GET", "/threat_tags", (*call).findTags},
		{"GET", "/threat_exchange_members", (*call).listMembers},
		{"POST", "/threat_privacy_groups", (*call).refuseGroup},

		{"GET", "/{id}", (*call).readOne},
		{"POST", "/{id}", (*call).edit},
		{"DELETE", "/{id}", (*call).remove},
		{"GET", "/{id}/threat_updates", (*call).updates},
		{"GET", "/{id}/members", (*call).groupMembers},
		{"GET", "/{id}/threat_privacy_groups_member", (*call).groupsJoined},
		{"GET", "/{id}/threat_privacy_groups_owner", (*call).groupsOwned},
		{"GET", "/{id}/descriptors", (*call).descriptorsOn},
		{"GET", "/{id}/tagged_objects", (*call).taggedObjects},
		{"GET", "/{id}/related", (*call).related},
		{"POST", "/{id}/related", (*call).relate},
		{"DELETE", "/{id}/related", (*call).relate},

		{"GET", "/stopncii/{id}/FetchHashes", (*call).fetchHashes},
	}
}

// name is how a route shows in the log and the metrics.
func (r route) name() string { return r.method + " " + r.path }

// Routes names everything the face answers, each as METHOD /path with {id} in it, for whoever must
// know every way into an exchange. A version may stand before a path.
func Routes() (list []string) {
	for _, rt := range routes() {
		list = append(list, rt.name())
	}
	return list
}

// fits reports whether a path is one of the route's.
func (r route) fits(path []string) bool {
	want := strings.FieldsFunc(r.path, func(c rune) bool { return c == '/' })
	if len(want) != len(path) {
		return false
	}
	for i, w := range want {
		if w == "{id}" {
			if _, err := lantern.ParseID(path[i]); err != nil {
				return false
			}
		} else if w != path[i] {
			return false
		}
	}
	return true
}

// find finds the route of a call.
func (c *call) find() (route, error) {
	var methods []string
	for _, rt := range routes() {
		if !rt.fits(c.path) {
			continue
		}
		if rt.method == c.method {
			return rt, nil
		}
		methods = append(methods, rt.method)
	}
	if len(methods) == 0 {
		return route{}, &lantern.Error{Kind: lantern.NotFound, Reason: "no such path"}
	}
	if !c.batch {
		c.w.Header().Set("Allow", strings.Join(methods, ", "))
	}
	return route{}, &lantern.Error{Kind: lantern.Unsupported, Reason: "this path does not take the method", Fix: "use one of: " + strings.Join(methods, ", ")}
}

// id is the id that the path names.
func (c *call) id() lantern.ID {
	for _, part := range c.path {
		if id, err := lantern.ParseID(part); err == nil {
			return id
		}
	}
	return 0
}
