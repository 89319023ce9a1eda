/* The border in the language it is written for. Compiled by the tests with other definitions to be what the
   host must refuse; as it stands it is a whole adapter, which knows no subscriber. */
#include <stddef.h>
#include <stdint.h>

#ifndef MAGIC
#define MAGIC 0x534e4131u /* "SNA1" */
#endif
#ifndef SIZE
#define SIZE sizeof(sna_adapter_v1)
#endif
#ifndef NAME
#define NAME "plain"
#endif
#ifndef VERSION
#define VERSION "0.0.0"
#endif
#ifndef SYMBOL
#define SYMBOL SNA_ADAPTER_V1
#endif
#ifndef STEP
#define STEP step
#endif

typedef struct { const uint8_t *ptr; size_t len; } sna_bytes;
typedef void (*sna_write)(void *out, sna_bytes reply);
typedef int32_t (*sna_step)(sna_bytes call, sna_write write, void *out);
typedef struct { uint32_t magic; uint32_t size; sna_bytes name; sna_bytes version; sna_step step; } sna_adapter_v1;

#define TEXT(text) { (const uint8_t *)(text), sizeof(text) - 1 }

/* Not exported: the descriptor is the only symbol of the file, and libc has a `step` that would be found first. */
static int32_t step(sna_bytes call, sna_write write, void *out) {
    static const sna_bytes reply = TEXT("{\"type\":\"failed\",\"verdict\":\"SUBSCRIBER_UNKNOWN\",\"detail\":\"written in C\"}");
    (void)call;
    write(out, reply);
    return 0;
}

#ifdef AS_FUNCTION
int32_t SYMBOL(void) { return 0; }
#else
const sna_adapter_v1 SYMBOL = { MAGIC, SIZE, TEXT(NAME), TEXT(VERSION), STEP };
#endif

int main(void) { return 0; }
