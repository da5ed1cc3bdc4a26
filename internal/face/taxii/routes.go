package taxii

import (
	"net/http"

	"lantern/internal/web"
)

// Prefix is where all paths of the face begin; TAXII fixes it for discovery.
const Prefix = "/taxii2"

// route is one line of the table. Its paths end in a slash, and are served without it too.
type route struct {
	method, path string
	filters      []string // parameters that it takes; all others are refused
	status       int      // of the success
	perform      func(*call) (any, error)
}

// routes lists everything the face answers: sections 4 and 5 of TAXII 2.1. The paths of API roots
// begin with under.
func routes(under string) []route {
	var (
		root       = under + "/{root}/"
		collection = root + "collections/{collection}/"
		objects    = collection + "objects/"
		object     = objects + "{object}/"
	)
	page := []string{"added_after", "limit", "next"}
	all := append([]string{"match[id]", "match[type]", "match[version]", "match[spec_version]"}, page...)
	one := append([]string{"match[version]", "match[spec_version]"}, page...)
	return []route{
		{"GET", Prefix + "/", nil, http.StatusOK, (*call).discovery},
		{"GET", root, nil, http.StatusOK, (*call).apiRoot},
		{"GET", root + "status/{status}/", nil, http.StatusOK, (*call).readStatus},
		{"GET", root + "collections/", nil, http.StatusOK, (*call).collections},
		{"GET", collection, nil, http.StatusOK, (*call).collection},
		{"GET", collection + "manifest/", all, http.StatusOK, (*call).manifest},
		{"GET", objects, all, http.StatusOK, (*call).objects},
		{"POST", objects, nil, http.StatusAccepted, (*call).add},
		{"GET", object, one, http.StatusOK, (*call).object},
		{"DELETE", object, []string{"match[version]", "match[spec_version]"}, http.StatusOK, (*call).remove},
		{"GET", object + "versions/", append([]string{"match[spec_version]"}, page...), http.StatusOK, (*call).versions},
	}
}

// Handler answers the face's requests. Errors are in the form of TAXII.
func (f *Face) Handler(opts web.Options) http.Handler {
	opts.Form = writeError
	mux := web.NewMux(opts)
	for _, rt := range routes(f.roots) {
		serve := f.serve(rt)
		mux.Handle(rt.method+" "+rt.path+"{$}", serve)
		mux.Handle(rt.method+" "+rt.path[:len(rt.path)-1], serve)
	}
	return mux
}
