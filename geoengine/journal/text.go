package journal

import (
	"encoding/hex"
	"fmt"

	"vigie/geoengine"
)

// String is the hash in lower-case hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes lower-case hexadecimal.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads 64 hexadecimal digits; ErrInvalid if there are others.
func (h *Hash) UnmarshalText(text []byte) error { return unhex(h[:], text) }

// String is the salt in lower-case hexadecimal.
func (s Salt) String() string { return hex.EncodeToString(s[:]) }

// MarshalText writes lower-case hexadecimal.
func (s Salt) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, s[:]), nil }

// UnmarshalText reads 32 hexadecimal digits; ErrInvalid if there are others.
func (s *Salt) UnmarshalText(text []byte) error { return unhex(s[:], text) }

func unhex(to, text []byte) error {
	if hex.DecodedLen(len(text)) == len(to) {
		if n, err := hex.Decode(to, text); err == nil && n == len(to) {
			return nil
		}
	}
	return fmt.Errorf("%.80q: must be %d hexadecimal digits: %w", text, hex.EncodedLen(len(to)), geoengine.ErrInvalid)
}
