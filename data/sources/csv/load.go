package csv

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/lexer"
	yamltoken "github.com/goccy/go-yaml/token"

	"vigie/geoengine"
)

//go:embed mappings/*.yaml
var ready embed.FS

// maxMapping bounds a mapping file in bytes.
const maxMapping = 1 << 20

// Ready lists the mappings that come with Vigie.
func Ready() []string {
	entries, err := fs.ReadDir(ready, "mappings")
	if err != nil {
		return nil
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = strings.TrimSuffix(entry.Name(), ".yaml")
	}
	return names
}

// Load reads the ready mapping of that name, or the file of that path, and checks it. ErrInvalid says which key is
// wrong, or which ready mappings there are.
func Load(nameOrPath string) (*Mapping, error) {
	if nameOrPath == "" {
		return nil, fmt.Errorf("no mapping: give --mapping FILE.yaml or one of %s: %w", strings.Join(Ready(), ", "), geoengine.ErrInvalid)
	}
	text, err := ready.ReadFile("mappings/" + nameOrPath + ".yaml")
	if err == nil {
		return Parse(nameOrPath, text)
	}
	info, err := os.Stat(nameOrPath)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("mapping %s: there is no such file, and the ready mappings are %s: %w",
			nameOrPath, strings.Join(Ready(), ", "), geoengine.ErrInvalid)
	case err != nil:
		return nil, fmt.Errorf("mapping %s: %w", nameOrPath, err)
	case info.IsDir() || info.Size() > maxMapping:
		return nil, fmt.Errorf("mapping %s: is no file of at most %d bytes: %w", nameOrPath, maxMapping, geoengine.ErrInvalid)
	}
	text, err = os.ReadFile(nameOrPath)
	if err != nil {
		return nil, fmt.Errorf("mapping %s: %w", nameOrPath, err)
	}
	return Parse(nameOrPath, text)
}

// ReadyText returns the text of a ready mapping, as an example to start from.
func ReadyText(name string) ([]byte, error) {
	text, err := ready.ReadFile("mappings/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("ready mapping %q: there are %s: %w", name, strings.Join(Ready(), ", "), geoengine.ErrMissing)
	}
	return text, nil
}

// Parse reads and checks the text of a mapping; from names it in messages. An unknown key is an error with its line.
func Parse(from string, text []byte) (*Mapping, error) {
	m := Mapping{from: from}
	if err := m.decode(text); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	m.digest = hex.EncodeToString(sum[:])
	if err := m.check(); err != nil {
		return nil, err
	}
	return &m, nil
}

// decode reads the YAML. The library is not ours: what it panics on is a bad mapping too.
func (m *Mapping) decode(text []byte) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("mapping %s: the YAML cannot be read (%v): %w", m.from, cause, geoengine.ErrInvalid)
		}
	}()
	for _, t := range lexer.Tokenize(string(text)) {
		switch t.Type {
		case yamltoken.OctetIntegerType, yamltoken.HexIntegerType, yamltoken.BinaryIntegerType:
			return m.errorAt(fmt.Sprintf("[%d:%d]", t.Position.Line, t.Position.Column),
				"%s without quotes is another number to YAML: write %q", t.Value, t.Value)
		default:
		}
	}
	if err := yaml.UnmarshalWithOptions(text, m, yaml.Strict()); err != nil {
		return fmt.Errorf("mapping %s: %s: %w", m.from, strings.TrimSpace(err.Error()), geoengine.ErrInvalid)
	}
	return nil
}
