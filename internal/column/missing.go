package column

import (
	"errors"
	"reflect"
	"strings"
	"time"

	"lantern"
)

// ErrNoPlace says that a format cannot hold signals of this type at all.
var ErrNoPlace = errors.New("the format cannot hold this signal")

// Missing names the members of a draft that did not come back as they were. It looks at whatever
// members drafts have, so that one they gain is reported as lost until formats hold it.
func Missing(was, is *lantern.Draft) []string {
	return missing(reflect.ValueOf(*was), reflect.ValueOf(*is))
}

// missing names the members in which two structs of one type differ.
func missing(a, b reflect.Value) (names []string) {
	for i := range a.NumField() {
		x, y := a.Field(i), b.Field(i)
		if t, ok := x.Interface().(time.Time); ok {
			if t.Equal(y.Interface().(time.Time)) {
				continue
			}
		} else if x.Kind() == reflect.Struct {
			names = append(names, missing(x, y)...)
			continue
		} else if x.Kind() == reflect.Slice && x.Len() == 0 && y.Len() == 0 || reflect.DeepEqual(x.Interface(), y.Interface()) {
			continue
		}
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}
