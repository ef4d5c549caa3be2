package cases

import "strings"

// around is how many equal lines stand around a difference.
const around = 2

// lineDiff shows which lines differ, with - before those of want only and +
// before those of got only.
func lineDiff(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	type line struct {
		mark string
		text string
	}
	var all []line
	common := longestCommon(a, b)
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			all = append(all, line{"  ", a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			all = append(all, line{"- ", a[i]})
			i++
		default:
			all = append(all, line{"+ ", b[j]})
			j++
		}
	}
	near := func(at int) bool {
		for k := max(0, at-around); k <= min(len(all)-1, at+around); k++ {
			if all[k].mark != "  " {
				return true
			}
		}
		return false
	}
	var out []string
	left := false
	for at, l := range all {
		if !near(at) {
			left = true
			continue
		}
		if left {
			out, left = append(out, "  …"), false
		}
		out = append(out, l.mark+l.text)
	}
	if left {
		out = append(out, "  …")
	}
	return strings.Join(out, "\n")
}

// longestCommon[i][j] is how many lines a[i:] and b[j:] have in common, in order.
func longestCommon(a, b []string) [][]int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}
