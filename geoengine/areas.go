package geoengine

import "strings"

// ValidAreaPath tells whether s has the form of an area's path: parts of a–z, 0–9, _ and - joined by dots, at most
// 200 bytes.
func ValidAreaPath(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
			return false
		}
	}
	return true
}
