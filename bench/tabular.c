/* Tabular REINFORCE in plain C, float32, two ways: one trajectory after another, as one writes it
 * first; and all trajectories of a run in step, as one writes it for speed. Same draws in both. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define A 4

static inline uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static inline float uniform(uint64_t word, int t) {
    return (float)((t & 1 ? word >> 32 : word & 0xFFFFFFFFu) >> 8) * 0x1p-24f;
}

static void softmax(int S, const float *theta, float *probs, float *cdf) {
    for (int s = 0; s < S; s++) {
        const float *x = theta + s * A;
        float peak = x[0], sum = 0, below = 0;
        for (int a = 1; a < A; a++) peak = x[a] > peak ? x[a] : peak;
        for (int a = 0; a < A; a++) sum += probs[s * A + a] = expf(x[a] - peak);
        for (int a = 0; a < A; a++) {
            probs[s * A + a] /= sum;
            cdf[s * A + a] = below += probs[s * A + a];
        }
    }
}

static inline int choose(const float *c, float u) { return (u >= c[0]) + (u >= c[1]) + (u >= c[2]); }

static void ascend(int S, float rate, float *theta, const float *probs, float *total) {
    for (int s = 0; s < S; s++) {
        float here = 0;
        for (int a = 0; a < A; a++) here += total[s * A + a];
        for (int a = 0; a < A; a++) theta[s * A + a] += rate * (total[s * A + a] - here * probs[s * A + a]);
    }
    memset(total, 0, sizeof(float) * S * A);
}

/* next[s*A+a]: the next state, or -1 - state where that is terminal. */
void train(int lanes, int S, const int32_t *next, const float *reward, int start, int B, int N, int T,
           int iterations, float alpha, float gamma, uint64_t seed, float *thetas, float *last) {
    float *probs = malloc(sizeof(float) * S * A), *cdf = malloc(sizeof(float) * S * A);
    float *total = calloc(S * A, sizeof(float)), *q = malloc(sizeof(float) * N);
    int32_t *path = malloc(sizeof(int32_t) * N * T), *now = malloc(sizeof(int32_t) * N);
    uint64_t *word = malloc(sizeof(uint64_t) * N);
    for (int b = 0; b < B; b++) {
        float *theta = thetas + (size_t)b * S * A;
        for (int k = 0; k < iterations; k++) {
            uint64_t key = mix(seed * 0x9E3779B97F4A7C15u + (uint64_t)b * 1000003 + k);
            float mean = 0;
            softmax(S, theta, probs, cdf);
            if (!lanes) {
                for (int n = 0; n < N; n++) {
                    int s = start, t = 0;
                    uint64_t w = 0;
                    float to_go = 0;
                    for (; t < T && s >= 0; t++) {
                        if (!(t & 1)) w = mix(key + 0x9E3779B97F4A7C15u * (((uint64_t)n << 16) + t));
                        int at = s * A + choose(cdf + s * A, uniform(w, t));
                        path[t] = at;
                        s = next[at];
                    }
                    while (t-- > 0) total[path[t]] += to_go = reward[path[t]] + gamma * to_go;
                    mean += to_go;
                }
            } else { /* ended lanes stay in their terminal state, which pays nothing */
                for (int n = 0; n < N; n++) now[n] = start, q[n] = 0;
                for (int t = 0; t < T; t++) {
                    if (!(t & 1))
                        for (int n = 0; n < N; n++)
                            word[n] = mix(key + 0x9E3779B97F4A7C15u * (((uint64_t)n << 16) + t));
                    for (int n = 0; n < N; n++) {
                        int at = now[n] * A + choose(cdf + now[n] * A, uniform(word[n], t));
                        int after = next[at];
                        path[t * N + n] = at;
                        now[n] = after < 0 ? -1 - after : after;
                    }
                }
                for (int t = T - 1; t >= 0; t--)
                    for (int n = 0; n < N; n++) {
                        int at = path[t * N + n];
                        total[at] += q[n] = reward[at] + gamma * q[n];
                    }
                for (int n = 0; n < N; n++) mean += q[n];
            }
            ascend(S, alpha / N, theta, probs, total);
            last[b] = mean / N;
        }
    }
    free(probs), free(cdf), free(total), free(q), free(path), free(now), free(word);
}
