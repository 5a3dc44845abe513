package door

import (
	"path"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// schemaNamer names the types of the API document. Of two packages with types of one name, the one that comes second
// has its own name before it: operations are added in the same order every time.
func schemaNamer() func(t reflect.Type, hint string) string {
	taken := map[string]reflect.Type{}
	return func(t reflect.Type, hint string) string {
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		name := huma.DefaultSchemaNamer(t, hint)
		first, there := taken[name]
		if !there {
			taken[name] = t
			return name
		}
		if first == t || t.PkgPath() == "" {
			return name
		}
		owner := path.Base(t.PkgPath())
		name = strings.ToUpper(owner[:1]) + owner[1:] + name
		taken[name] = t
		return name
	}
}
