package series

import (
	"math"
	"testing"
)

// mass is the negative-binomial probability by the gamma function, another way than count's.
func mass(mean, alpha float64, y int) float64 {
	factorial, _ := math.Lgamma(float64(y) + 1)
	if alpha == 0 {
		return math.Exp(float64(y)*math.Log(mean) - mean - factorial)
	}
	r := 1 / alpha
	up, _ := math.Lgamma(r + float64(y))
	down, _ := math.Lgamma(r)
	return math.Exp(up - down - factorial + r*math.Log(r/(r+mean)) + float64(y)*math.Log(mean/(r+mean)))
}

func TestCount(t *testing.T) {
	t.Parallel()
	for _, c := range []count{{0.01, 0}, {0.5, 0}, {0.5, 2}, {7, 0.1}, {29.9, 0.01}, {30.1, 0.01}, {390, 0}, {390, 0.02}, {5, 20}} {
		sum := 0.0
		for y := range int(3*c.mean) + 20 {
			if got := c.below(y); math.Abs(got-sum) > 1e-9 {
				t.Fatalf("%+v: P(Y < %d) = %v, the masses sum to %v", c, y, got, sum)
			}
			below, upTo := c.both(y)
			sum += mass(c.mean, c.alpha, y)
			if math.Abs(upTo-sum) > 1e-9 || below > upTo {
				t.Fatalf("%+v: P(Y ≤ %d) = %v, the masses sum to %v", c, y, upTo, sum)
			}
		}
		last := -1.0
		for p := 0.001; p < 1; p += 0.0137 {
			x := c.quantile(p)
			if x < last {
				t.Fatalf("%+v: quantile %v is %v, below that of a smaller probability, %v", c, p, x, last)
			}
			if got := c.at(x); math.Abs(got-p) > 1e-9 {
				t.Fatalf("%+v: quantile %v is %v, below which lies %v", c, p, x, got)
			}
			last = x
		}
	}
}

// TestCoveredIsExact: if the distribution is true, the mean of Covered is the level, however small the counts are.
func TestCoveredIsExact(t *testing.T) {
	t.Parallel()
	for _, c := range []count{{0.02, 0}, {0.3, 0.5}, {2, 0}, {40, 0.1}} {
		for _, level := range []float64{0.5, 0.8, 0.95} {
			low, high := c.quantile((1-level)/2), c.quantile((1+level)/2)
			from, to := Whole(low, high)
			covered, whole := 0.0, 0.0
			for y := range 2000 {
				p := mass(c.mean, c.alpha, y)
				covered += p * Covered(y, low, high)
				whole += p * flag(from <= y && y <= to)
			}
			if math.Abs(covered-level) > 1e-6 {
				t.Errorf("%+v: the %v interval [%v, %v] covers %v", c, level, low, high, covered)
			}
			if whole < level-1e-9 {
				t.Errorf("%+v: whole numbers %d–%d hold %v, less than %v", c, from, to, whole, level)
			}
		}
	}
}

func TestCovered(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		y         int
		low, high float64
		want      float64
	}{
		{0, 0, 0.25, 0.5}, {0, 0, 3, 1}, {0, 0.4, 0.5, 0.2}, {1, 0, 1, 0.5}, {2, 1.75, 2.25, 0.5}, {3, 0, 2.5, 0}, {3, 4, 5, 0},
	} {
		if got := Covered(c.y, c.low, c.high); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("Covered(%d, %v, %v) = %v, want %v", c.y, c.low, c.high, got, c.want)
		}
	}
	for _, c := range []struct {
		low, high float64
		from, to  int
	}{{0, 0.3, 0, 0}, {0.2, 1.6, 0, 2}, {0.5, 1.5, 1, 1}, {3.49, 7.51, 3, 8}, {0, 0, 0, 0}} {
		if from, to := Whole(c.low, c.high); from != c.from || to != c.to {
			t.Errorf("Whole(%v, %v) = %d–%d, want %d–%d", c.low, c.high, from, to, c.from, c.to)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	lies := [][3]float64{{0, 0.3, 1}, {0.3, 0.31, 2}, {0.9, 1, 0.5}, {0.5, 0.5, 1}, {0, 1, 3}}
	var s scores
	sum := 0.0
	for _, l := range lies {
		s.add(l[0], l[1], l[2])
		sum += l[2]
	}
	for k, got := range s.share() {
		x, want := float64(k)/bins, 0.0
		for _, l := range lies {
			from, to := l[0], l[1]
			if to-from < 1e-4 {
				from, to = (from+to)/2-5e-5, (from+to)/2+5e-5
			}
			want += l[2] / sum * min(max((x-from)/(to-from), 0), 1)
		}
		if math.Abs(got-want) > 1e-9 {
			t.Fatalf("share below %v is %v, by each score on its own %v", x, got, want)
		}
	}
	b := newBend(&s, &scores{}, like)
	for p := 0.0; p <= 1; p += 0.01 {
		if got := b.at(b.inverse(p)); math.Abs(got-p) > 1e-9 {
			t.Fatalf("at(inverse(%v)) = %v", p, got)
		}
	}
	flat := newBend(&scores{}, &scores{}, like)
	if got := flat.inverse(0.37); math.Abs(got-0.37) > 1e-12 {
		t.Errorf("without scores 0.37 becomes %v", got)
	}
}

func TestAlpha(t *testing.T) {
	t.Parallel()
	var own, like moments
	own.add(9, 4, 1)     // over 21, squares 16
	like.add(130, 80, 1) // alpha (2500-80)/6400 = 0.378
	common := 2420.0 / 6400
	weight := 2 / (common * common)
	if got, want := own.alpha(like), (21+weight*common)/(16+weight); math.Abs(got-want) > 1e-12 {
		t.Errorf("alpha is %v, want %v", got, want)
	}
	if got := (moments{over: -5, squares: 10}).alpha(moments{}); got != 0 {
		t.Errorf("less dispersed than chance gives %v, want 0", got)
	}
}
