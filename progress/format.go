package progress

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Line tells an update in words: how much, how fast, how long still. elapsed is the time since the task began.
func Line(u Update, elapsed time.Duration) string {
	parts := []string{Amount(u)}
	if rate := Rate(u, elapsed); rate != "" {
		parts = append(parts, rate)
	}
	if u.Finished {
		parts = append(parts, "done in "+Duration(elapsed))
	} else if left := Left(u, elapsed); left != "" {
		parts = append(parts, left)
	}
	return u.Task + ": " + strings.Join(parts, ", ")
}

// Amount is what has been done, of how much where it is known: "12,000 of 58,397 rows".
func Amount(u Update) string {
	if u.Total > 0 && u.Total >= u.Done && !u.Finished {
		return number(u.Done, u.Unit) + " of " + quantity(u.Total, u.Unit)
	}
	return quantity(u.Done, u.Unit)
}

// Rate is the mean speed so far, "" while it says nothing.
func Rate(u Update, elapsed time.Duration) string {
	if elapsed < 200*time.Millisecond || u.Done <= 0 {
		return ""
	}
	return number(int64(float64(u.Done)/elapsed.Seconds()), u.Unit) + "/s"
}

// Left is the time left at the mean speed, "" where it is not known.
func Left(u Update, elapsed time.Duration) string {
	if u.Finished || u.Total <= u.Done || u.Done <= 0 || elapsed < time.Second {
		return ""
	}
	left := time.Duration(float64(elapsed) / float64(u.Done) * float64(u.Total-u.Done))
	return Duration(left) + " left"
}

// Duration is a duration as people read it: 0.4 s, 12 s, 3 min 05 s, 2 h 10 min.
func Duration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%d min %02d s", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%d h %02d min", int(d.Hours()), int(d.Minutes())%60)
	}
}

// Bytes is the name of the unit that is shown in kB, MB and GB.
const Bytes = "bytes"

func quantity(n int64, unit string) string {
	if unit == Bytes || unit == "" {
		return number(n, unit)
	}
	return number(n, unit) + " " + unit
}

func number(n int64, unit string) string {
	if unit == Bytes {
		return Size(n)
	}
	return Group(n)
}

// Size is a number of bytes in decimal units.
func Size(n int64) string {
	value, names := float64(n), []string{"B", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for value >= 1000 && i < len(names)-1 {
		value /= 1000
		i++
	}
	if i == 0 || value >= 100 {
		return fmt.Sprintf("%.0f %s", value, names[i])
	}
	return fmt.Sprintf("%.1f %s", value, names[i])
}

// Group writes a number with commas between its thousands.
func Group(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}
