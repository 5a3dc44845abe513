package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
)

// versionCommand prints what this binary was built from.
type versionCommand struct{}

type versionReport struct {
	Version  string `json:"version"` // of the module, or the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Run prints the version.
func (c *versionCommand) Run(a *app) error {
	report := versionReport{build(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	a.print(report, func(w io.Writer) {
		fmt.Fprintf(w, "vigie %s (%s, %s)\n", report.Version, report.Go, report.Platform)
	})
	return nil
}

// build names the source of this binary: its commit, with + if the tree had changes.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	commit, changed := "", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			commit = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			changed = "+"
		}
	}
	if len(commit) < 12 {
		return info.Main.Version
	}
	return commit[:12] + changed
}

// completionCommand prints shell code.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help shows how to use it.
func (c *completionCommand) Help() string {
	return "Example, for this shell: source <(vigie completion bash)\n\nFor good: vigie completion bash > /etc/bash_completion.d/vigie"
}

// Run prints the code.
func (c *completionCommand) Run(ctx *kong.Context) error {
	return (&kongcompletion.Completion{Shell: c.Shell, Code: true}).Run(ctx)
}
