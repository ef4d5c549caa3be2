package alert
import ("testing";"encoding/json";"bytes";"syscall")
func cpu() float64 { var r syscall.Rusage; syscall.Getrusage(0,&r); return float64(r.Utime.Nano()+r.Stime.Nano()) }
func run(b *testing.B, f func()) { b.ReportAllocs(); s:=cpu(); for b.Loop(){ f() }; b.ReportMetric((cpu()-s)/float64(b.N),"cpu-ns/op") }
func BenchmarkZAll(b *testing.B){ body:=render(b,torq); run(b, func(){ Decode(body)})}
func BenchmarkZStd(b *testing.B){ body:=render(b,torq); run(b,func(){ d:=json.NewDecoder(bytes.NewReader(body)); d.UseNumber(); var v any; d.Decode(&v)})}
func BenchmarkZParse(b *testing.B){ body:=render(b,torq); run(b,func(){ parse(body)})}
func BenchmarkZValid(b *testing.B){ body:=render(b,torq); run(b,func(){ json.Valid(body)})}
func BenchmarkZDigest(b *testing.B){ body:=render(b,torq); v,_:=parseObject(body); run(b,func(){ digest(v,len(body))})}
func BenchmarkZCollect(b *testing.B){ body:=render(b,torq); v,_:=parseObject(body); run(b,func(){ var a Alert; f:=a.collect(nil, v); _=f})}
func BenchmarkZFill(b *testing.B){ body:=render(b,torq); v,_:=parseObject(body); var a Alert; f:=a.collect(nil, v);run(b,func(){ var a Alert; a.fill(f)})}
