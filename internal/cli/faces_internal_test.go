package cli

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"lantern/internal/web"
)

func TestForeignFacesAreSwitched(t *testing.T) {
	t.Parallel()
	own := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for _, c := range []struct {
		faces ForeignFaces
		path  string
		want  int
	}{
		{ForeignFaces{TAXII: true}, "/taxii2/", http.StatusUnauthorized},
		{ForeignFaces{TAXII: true}, "/taxii2", http.StatusUnauthorized},
		{ForeignFaces{TAXII: true}, "/taxii20", http.StatusNoContent},
		{ForeignFaces{TAXII: true}, "/v1/types", http.StatusNoContent},
		{ForeignFaces{}, "/taxii2/", http.StatusNoContent},
	} {
		w := httptest.NewRecorder()
		c.faces.beside(own, nil, web.Options{}).ServeHTTP(w, httptest.NewRequest("GET", c.path, nil))
		if w.Code != c.want {
			t.Errorf("%+v %s: %d, want %d", c.faces, c.path, w.Code, c.want)
		}
	}
}
