package main

import (
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "DATABASE_URL="+databaseURL(t))
	made := must[clientReport](w, "client", "add", "qgis", "--role", "analyst", "--area", "fr.76", "--scope", "Tiles", "--expires", "90d")
	if len(made.Keys) != 1 || !strings.HasPrefix(made.Keys[0].Key, "vigie_"+made.Keys[0].ID+"_") {
		t.Fatalf("%+v", made)
	}
	if life := time.Until(made.Keys[0].Expires); life < 89*24*time.Hour || life > 91*24*time.Hour {
		t.Errorf("lives %v, want 90 days", life)
	}
	must[map[string]string](w, "client", "key", "revoke", made.Keys[0].ID)
	must[map[string]string](w, "client", "grant", "qgis", "commander=fr.11,fr.93")
	listed := w.vigie("client", "list", "--json")
	if strings.Contains(listed.out, made.Keys[0].Key[17:]) || strings.Contains(listed.out, "hash") {
		t.Errorf("the list shows the key: %s", listed.out)
	}
	list := decode[struct{ Clients []clientReport }](w, listed).Clients
	if len(list) != 1 || list[0].Keys[0].State != "revoked" || sayGrants(list[0].Grants) != "analyst=fr.76 commander=fr.11,fr.93" {
		t.Errorf("%+v", list)
	}
	for line, code := range map[string]int{
		"client add other":                                     exitUsage,
		"client add other --area fr.76":                        exitUsage,
		"client add other --role king":                         exitUsage,
		"client add other --grant king=*":                      exitUsage,
		"client add other --role analyst --expires yesterday":  exitUsage,
		"client add other --role analyst --expires 2000-01-01": exitFailed,
		"client add other --role analyst --expires 9999d":      exitFailed,
		"client add qgis --role analyst":                       exitFailed,
		"client key revoke nothing":                            exitFailed,
		"client key add nobody":                                exitFailed,
		"client certificate qgis":                              exitUsage,
		"client revoke qgis admin":                             exitFailed,
		"user grant nobody analyst=*":                          exitFailed,
		"user grant qgis":                                      exitUsage,
		"user add king --grant king=*":                         exitUsage,
		"user sessions nobody":                                 exitFailed,
		"serve --tls-cert vigie.pem":                           exitUsage,
		"serve --client-ca ca.pem":                             exitUsage,
		"serve --tls-cert /nothing --tls-key /nothing":         exitUsage,
	} {
		if got := w.vigie(strings.Fields(line)...); got.code != code {
			t.Errorf("%s: %d, want %d: %s", line, got.code, code, got.errs)
		}
	}
}

// TestDocumentedCommands runs every vigie and openssl command of the section on accounts in docs/operations.md, and
// looks for their lines in the journal.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## Accounts, clients, keys, certificates\n")
	section, _, ended := strings.Cut(section, "\n## ")
	if !found || !ended {
		t.Fatal("the section is not there")
	}
	w := newWorld(t, "DATABASE_URL="+databaseURL(t))
	folder := t.TempDir()
	ran := 0
	for i, block := range strings.Split(section, "```sh\n") {
		if i == 0 {
			continue
		}
		block, _, _ = strings.Cut(block, "```")
		for line := range strings.Lines(block) {
			line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
			if w.documented(folder, strings.TrimSpace(line)) {
				ran++
			}
		}
	}
	if ran < 20 {
		t.Errorf("%d commands, want those of the section", ran)
	}
	entries := w.vigie("audit", "search", "--json")
	for _, operation := range []string{"user-add", "user-grant", "user-disable", "client-add", "client-key-revoke", "client-certificate"} {
		if !strings.Contains(entries.out, operation) {
			t.Errorf("the journal does not know of %s: %d %s", operation, entries.code, entries.errs)
		}
	}
}

// documented runs one line of the page, unless it is of another program or would serve.
func (w *world) documented(folder, line string) bool {
	w.t.Helper()
	if strings.Contains(line, "KEYID") {
		list := must[struct{ Clients []clientReport }](w, "client", "list").Clients
		line = strings.ReplaceAll(line, "KEYID", list[0].Keys[0].ID)
	}
	line, input, _ := strings.Cut(line, " < ")
	words := shellWords(line)
	switch {
	case words[0] == "openssl":
		command := exec.CommandContext(w.ctx, words[0], words[1:]...)
		command.Dir = folder
		if out, err := command.CombinedOutput(); err != nil {
			w.t.Errorf("%s: %v %s", line, err, out)
		}
		return true
	case words[0] != "vigie" || words[1] == "serve":
		return false
	}
	for i, word := range words {
		if strings.HasSuffix(word, ".pem") {
			words[i] = filepath.Join(folder, word)
		}
	}
	text := ""
	if input != "" {
		text = "correct horse battery staple\n"
	}
	if got := w.vigieReading(text, words[1:]...); got.code != exitDone {
		w.t.Errorf("%s: %d %s", line, got.code, got.errs)
	}
	return true
}

// shellWords splits a line at spaces outside of single quotes.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 0 {
			words = append(words, strings.Fields(part)...)
		} else {
			words = append(words, part)
		}
	}
	return words
}

func TestCertificateFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, text := range map[string]string{
		"empty": "", "text": "no certificate", "key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"broken": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	} {
		if sum, err := readFingerprint(write(name, text)); err == nil {
			t.Errorf("%s: %s", name, hex.EncodeToString(sum))
		}
	}
}
