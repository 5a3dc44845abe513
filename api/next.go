package api

import (
	"net/url"
	"strings"
)

// safeNext is the path to which a log-in leads back: a path of this site, or / for anything else.
func safeNext(next string) string {
	u, err := url.Parse(next)
	hostile := strings.ContainsFunc(next, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f })
	if err != nil || hostile || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		return "/"
	}
	return next
}
