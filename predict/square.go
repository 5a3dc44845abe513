package predict

import "math"

// square is a symmetric matrix in row-major order of which the lower triangle counts.
type square struct {
	n int
	v []float64
}

func newSquare(n int) square { return square{n, make([]float64, n*n)} }

func (m square) at(a, b int) float64      { return m.v[a*m.n+b] }
func (m square) add(a, b int, by float64) { m.v[a*m.n+b] += by }

// factor turns the matrix into its Cholesky factor in place; it returns the first column whose pivot is not above least,
// or −1.
func (m square) factor(least float64) int {
	for a := range m.n {
		for b := 0; b <= a; b++ {
			sum := m.at(a, b)
			for k := range b {
				sum -= m.at(a, k) * m.at(b, k)
			}
			if a > b {
				m.v[a*m.n+b] = sum / m.at(b, b)
				continue
			}
			if !(sum > least) {
				return a
			}
			m.v[a*m.n+a] = math.Sqrt(sum)
		}
	}
	return -1
}

// solve gives x of M·x = b, where the receiver is the factor of M.
func (m square) solve(b []float64) []float64 {
	x := append([]float64(nil), b...)
	for a := range m.n {
		for k := range a {
			x[a] -= m.at(a, k) * x[k]
		}
		x[a] /= m.at(a, a)
	}
	for a := m.n - 1; a >= 0; a-- {
		for k := a + 1; k < m.n; k++ {
			x[a] -= m.at(k, a) * x[k]
		}
		x[a] /= m.at(a, a)
	}
	return x
}

// inverseDiagonal gives the diagonal of the inverse of the matrix of which the receiver is the factor.
func (m square) inverseDiagonal() []float64 {
	diagonal, unit := make([]float64, m.n), make([]float64, m.n)
	for a := range m.n {
		clear(unit)
		unit[a] = 1
		diagonal[a] = m.solve(unit)[a]
	}
	return diagonal
}

func (m square) clone() square { return square{m.n, append([]float64(nil), m.v...)} }
