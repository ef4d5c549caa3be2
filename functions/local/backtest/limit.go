package backtest

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseLimit reads a number of alerts, such as 20, or a share of all, such as 5%.
func ParseLimit(text string) (exceeded func(n, all int) bool, err error) {
	number, isShare := strings.CutSuffix(strings.TrimSpace(text), "%")
	most, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || !(most >= 0) || isShare && most > 100 || !isShare && most != float64(int(most)) {
		return nil, fmt.Errorf("%q is neither a number of alerts such as 20 nor a share such as 5%%", text)
	}
	return func(n, all int) bool {
		if isShare {
			return float64(n)*100 > most*float64(all)
		}
		return float64(n) > most
	}, nil
}
