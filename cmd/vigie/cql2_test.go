package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCQL2(t *testing.T) {
	t.Parallel()
	w, folder := newWorld(t), t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text, encoded := write("a.txt", "\n severity='fatal' and\n NOT start < DATE('2024-01-01')"), write("b.json", ` {"op":"isNull","args":[{"property":"end"}]}`)
	broken, path := write("c.txt", "été = 1 and\n  b ~ 2"), write("d.json", `{"op":"=","args":[{"property":""},1]}`)
	for _, c := range []struct {
		files []string
		code  int
		says  []string
	}{
		{[]string{text}, exitDone, []string{"severity = 'fatal' AND NOT start < DATE('2024-01-01')\n", `{"op":"and","args":[`}},
		{[]string{encoded}, exitDone, []string{"end IS NULL\n"}},
		{[]string{broken}, exitFailed, []string{"c.txt: line 2, column 5: there is no such character"}},
		{[]string{text, path, encoded}, exitFailed, []string{"args[0].property: must be a text", "end IS NULL", "1 of 3 expressions are wrong"}},
		{[]string{filepath.Join(folder, "none")}, exitFailed, []string{"no such file"}},
	} {
		r := w.vigie(append([]string{"cql2"}, c.files...)...)
		if r.code != c.code {
			t.Errorf("%v: exit %d", c.files, r.code)
		}
		for _, want := range c.says {
			if !strings.Contains(r.out+r.errs, want) {
				t.Errorf("%v: %q is not in %s%s", c.files, want, r.out, r.errs)
			}
		}
	}
}

func TestOIDCFromTheEnvironment(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	groups, secret := filepath.Join(folder, "groups.yaml"), filepath.Join(folder, "secret")
	for path, content := range map[string]string{
		groups: "groups:\n  chefs:\n    - role: commander\n      areas: [fr.76]\n", secret: " hidden \n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := config{OIDCIssuer: "https://id.example", OIDCClient: "vigie", OIDCSecretFile: secret, OIDCGroupsFile: groups}
	provider, err := c.oidc()
	if err != nil {
		t.Fatal(err)
	}
	if provider.ClientSecret != "hidden" || len(provider.Grants["chefs"]) != 1 || provider.Grants["chefs"][0].Role != "commander" {
		t.Errorf("%+v", provider)
	}
	if err := os.WriteFile(groups, []byte("groups:\n  chefs:\n    - rôle: commander\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.oidc(); err == nil || !strings.Contains(err.Error(), "rôle") {
		t.Errorf("%v", err)
	}
	if err := (config{NoPassword: true}).checkLogIn(); err == nil {
		t.Error("nobody could log in, and it starts")
	}
	if provider, err := (config{}).oidc(); provider != nil || err != nil {
		t.Errorf("%v %v", provider, err)
	}
}
