# Controls of the gate's step `constant_time`: each function lets a secret decide, in another way, and is refused.
narrow_write:
	movq	(%rdi), %rax
	movb	$0, %al
	testq	%rax, %rax
	je	.L1
.L1:
	retq
	.size	end
narrow_index:
	movq	(%rdi), %rax
	sete	%al
	movb	(%rsi,%rax), %cl
	retq
	.size	end
count:
	movq	(%rdi), %rax
	popcntq	%rax, %rcx
	je	.L3
.L3:
	retq
	.size	end
floats:
	vmovups	(%rdi), %xmm0
	vtestps	%xmm0, %xmm0
	je	.L4
.L4:
	retq
	.size	end
counter:
	movq	(%rdi), %rcx
	jrcxz	.L5
.L5:
	retq
	.size	end
swap:
	movq	(%rdi), %rax
	xchgq	%rsi, %rax
	movb	(%rdx,%rsi), %cl
	retq
	.size	end
