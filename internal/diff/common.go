package diff

// cellsMost bounds the pairs of elements that Common looks at.
const cellsMost = 8 << 20

// Common returns the indices of a longest common sequence of two lists of n and m
// elements, in order; same tells whether element i of the one is element j of the
// other. It returns none where finding one costs too much: what uses it then tells
// the lists apart in blocks.
func Common(n, m int, same func(i, j int) bool) (pairs [][2]int) {
	if n == 0 || m == 0 || n > cellsMost/m {
		return nil
	}
	width := m + 1
	length := make([]int32, (n+1)*width) // of the best behind i and j
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if same(i, j) {
				length[i*width+j] = length[(i+1)*width+j+1] + 1
			} else {
				length[i*width+j] = max(length[(i+1)*width+j], length[i*width+j+1])
			}
		}
	}
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case same(i, j):
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[(i+1)*width+j] >= length[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}
