package alert
import ("testing";"encoding/json";"bytes";"syscall";"unsafe")
func cpu() float64 { var r syscall.Rusage; syscall.Getrusage(0,&r); return float64(r.Utime.Nano()+r.Stime.Nano()) }
func run(b *testing.B, f func()) { b.ReportAllocs(); s:=cpu(); for b.Loop(){ f() }; b.ReportMetric((cpu()-s)/float64(b.N),"cpu-ns/op") }
func BenchmarkZAll(b *testing.B){ body:=render(b,torq); run(b, func(){ Decode(body)})}
func BenchmarkZStd(b *testing.B){ body:=render(b,torq); run(b,func(){ d:=json.NewDecoder(bytes.NewReader(body)); d.UseNumber(); var v any; d.Decode(&v)})}
func TestZ(t *testing.T){ t.Log(unsafe.Sizeof(Alert{}), unsafe.Sizeof(candidate{})) }
