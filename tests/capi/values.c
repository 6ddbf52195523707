/* Values: JSON and MessagePack. */

#include "check.h"

static int text_is(const zeromq_value *value, const char *text) {
    zeromq_slice bytes = {0};
    return zeromq_value_get_string(value, &bytes) == ZEROMQ_CODE_OK &&
           bytes.size == strlen(text) && memcmp(bytes.data, text, bytes.size) == 0;
}

static void json(void) {
    zeromq_socket *one, *other;
    zeromq_value lines[2], line[4], order[8], value, got;
    zeromq_slice text;
    int64_t integer = 7;
    double number = 7;
    int32_t truth = 7;

    GIVES(OK, zeromq_socket_new_pair(&one, &other));
    line[0] = zeromq_value_string("name"), line[1] = zeromq_value_string("tea");
    line[2] = zeromq_value_string("count"), line[3] = zeromq_value_int(3);
    lines[0] = zeromq_value_dictionary(line, 4), lines[1] = zeromq_value_nil();
    order[0] = zeromq_value_string("lines"), order[1] = zeromq_value_list(lines, 2);
    order[2] = zeromq_value_string("price"), order[3] = zeromq_value_float(1.5);
    order[4] = zeromq_value_string("paid"), order[5] = zeromq_value_bool(7);
    order[6] = zeromq_value_string("whole"), order[7] = zeromq_value_float(4);
    value = zeromq_value_dictionary(order, 8);
    GIVES(OK, zeromq_socket_send_json(one, &value, SOON));
    GIVES(OK, zeromq_socket_receive_frame(other, &text, NULL, SOON));
    CHECK(text.size == strlen("{\"lines\":[{\"name\":\"tea\",\"count\":3},null],\"price\":1.5,"
                              "\"paid\":true,\"whole\":4.0}"));
    GIVES(OK, zeromq_socket_send_json(one, &value, SOON));
    GIVES(OK, zeromq_socket_receive_json(other, &got, SOON));
    CHECK(got.kind == ZEROMQ_DICTIONARY && zeromq_value_count(&got) == 4);

    const zeromq_value *items = zeromq_value_member(&got, "lines");
    const zeromq_value *first = zeromq_value_item(items, 0);
    CHECK(zeromq_value_count(items) == 2 && text_is(zeromq_value_member(first, "name"), "tea"));
    /* A NUL follows. */
    GIVES(OK, zeromq_value_get_string(zeromq_value_member(first, "name"), &text));
    CHECK(strcmp(text.data, "tea") == 0);
    GIVES(OK, zeromq_value_get_int(zeromq_value_member(first, "count"), &integer));
    GIVES(OK, zeromq_value_get_float(zeromq_value_member(first, "count"), &number));
    CHECK(integer == 3 && number == 3 && zeromq_value_item(items, 1)->kind == ZEROMQ_NIL);
    GIVES(OK, zeromq_value_get_float(zeromq_value_member(&got, "price"), &number));
    GIVES(OK, zeromq_value_get_bool(zeromq_value_member(&got, "paid"), &truth));
    GIVES(OK, zeromq_value_get_int(zeromq_value_member(&got, "whole"), &integer));
    CHECK(number == 1.5 && truth == 1 && integer == 4);
    CHECK(text_is(zeromq_value_key(&got, 1), "price") && zeromq_value_key(&got, 4) == NULL);
    GIVES(OK, zeromq_value_get_float(zeromq_value_item(&got, 1), &number));
    CHECK(number == 1.5 && zeromq_value_key(items, 0) == NULL);

    /* What is not there is found out at the end. */
    CHECK(zeromq_value_item(items, 2) == NULL && zeromq_value_member(items, "name") == NULL);
    CHECK(zeromq_value_member(NULL, "name") == NULL && zeromq_value_member(&got, NULL) == NULL);
    CHECK(zeromq_value_count(NULL) == 0 && zeromq_value_count(first) == 2);
    GIVES(DECODE, zeromq_value_get_int(
                      zeromq_value_item(zeromq_value_member(&got, "nothing"), 0), &integer));
    CHECK(strstr(zeromq_last_error()->message, "expected an integer, got nothing") != NULL);
    GIVES(DECODE, zeromq_value_get_int(zeromq_value_member(&got, "price"), &integer));
    GIVES(DECODE, zeromq_value_get_bool(zeromq_value_member(&got, "price"), &truth));
    GIVES(DECODE, zeromq_value_get_float(items, &number));
    GIVES(DECODE, zeromq_value_get_string(items, &text));
    CHECK(strstr(zeromq_last_error()->message, "got a list") != NULL);
    GIVES(ARGUMENT, zeromq_value_get_int(items, NULL));
    CHECK(integer == 4 && truth == 1);

    /* What JSON does not have. */
    order[3] = zeromq_value_bytes("\0\1", 2);
    GIVES(ARGUMENT, zeromq_socket_send_json(one, NULL, 0));
    order[3] = zeromq_value_float(1e300 * 1e300);
    GIVES(ARGUMENT, zeromq_socket_send_json(one, &value, 0));
    CHECK(strstr(zeromq_last_error()->message, "the value['price']") != NULL);
    order[3] = zeromq_value_nil();
    order[2] = zeromq_value_int(1);
    GIVES(ARGUMENT, zeromq_socket_send_json(one, &value, 0));
    value = zeromq_value_dictionary(order, 7);
    GIVES(ARGUMENT, zeromq_socket_send_json(one, &value, 0));
    value = zeromq_value_list(NULL, 7);
    GIVES(ARGUMENT, zeromq_socket_send_json(one, &value, 0));
    value = zeromq_value_string("\xff");
    GIVES(ARGUMENT, zeromq_socket_send_json(one, &value, 0));
    value.kind = 77;
    GIVES(ARGUMENT, zeromq_socket_send_json(one, &value, 0));
    value.kind = ZEROMQ_OBJECT;
    GIVES(ARGUMENT, zeromq_socket_send_json(one, &value, 0));
    /* A list that contains itself. */
    value = zeromq_value_list(&value, 1);
    GIVES(ARGUMENT, zeromq_socket_send_json(one, &value, 0));

    GIVES(AGAIN, zeromq_socket_receive_json(other, &got, 0));
    GIVES(OK, zeromq_socket_send(one, "[1,", 3, SOON));
    GIVES(DECODE, zeromq_socket_receive_json(other, &got, SOON));
    GIVES(ARGUMENT, zeromq_socket_receive_json(other, NULL, 0));
    GIVES(OK, zeromq_socket_send(one, "\"\"", 2, SOON));
    GIVES(OK, zeromq_socket_receive_json(other, &got, SOON));
    CHECK(text_is(&got, ""));
    /* A NUL follows also what is empty. */
    GIVES(OK, zeromq_value_get_string(&got, &text));
    CHECK(strcmp(text.data, "") == 0);
    zeromq_socket_free(one);
    zeromq_socket_free(other);
}

/* Sizes that are wrong, and lists that are many times in others. */
static void limits(void) {
    zeromq_codec *codec = zeromq_codec_new();
    zeromq_value lists[64][2], value, twice[2];
    zeromq_slice bytes;
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4};

    lists[0][0] = lists[0][1] = zeromq_value_int(1);
    for (size_t at = 0; at < sizeof sizes / sizeof *sizes; at++) {
        value = zeromq_value_bytes("x", sizes[at]);
        GIVES(ARGUMENT, zeromq_codec_write(codec, ZEROMQ_MESSAGE_PACK, &value, &bytes));
        GIVES(ARGUMENT, zeromq_codec_write(codec, ZEROMQ_JSON, &value, &bytes));
        value.kind = ZEROMQ_STRING;
        GIVES(ARGUMENT, zeromq_codec_write(codec, ZEROMQ_MESSAGE_PACK, &value, &bytes));
        value = zeromq_value_list(lists[0], sizes[at]);
        GIVES(ARGUMENT, zeromq_codec_write(codec, ZEROMQ_MESSAGE_PACK, &value, &bytes));
    }
    /* Two strings, each of which fits. */
    twice[0] = twice[1] = zeromq_value_bytes("x", (size_t)3 << 30);
    value = zeromq_value_list(twice, 2);
    GIVES(ARGUMENT, zeromq_codec_write(codec, ZEROMQ_MESSAGE_PACK, &value, &bytes));
    CHECK(strstr(zeromq_last_error()->message, "4294967295 bytes") != NULL);

    for (int at = 1; at < 64; at++)
        lists[at][0] = lists[at][1] = zeromq_value_list(lists[at - 1], 2);
    value = zeromq_value_list(lists[9], 2);
    GIVES(OK, zeromq_codec_write(codec, ZEROMQ_JSON, &value, &bytes));
    value = zeromq_value_list(lists[40], 2);
    GIVES(ARGUMENT, zeromq_codec_write(codec, ZEROMQ_JSON, &value, &bytes));
    CHECK(strstr(zeromq_last_error()->message, "at most 16777216 values") != NULL);
    value = zeromq_value_list(&value, 1);
    GIVES(ARGUMENT, zeromq_codec_write(codec, ZEROMQ_JSON, &value, &bytes));
    CHECK(strstr(zeromq_last_error()->message, "64 deep") != NULL);
    zeromq_codec_free(codec);
}

static void message_pack(void) {
    zeromq_socket *one, *other;
    const double numbers[] = {1, 2, 3};
    const size_t three = 3;
    zeromq_array array = {
        .element = ZEROMQ_FLOAT64, .order = ZEROMQ_BY_ROWS, .shape = &three, .dimensions = 1,
        .data = numbers, .size = sizeof numbers,
    };
    zeromq_value items[4], value, got;
    zeromq_slice bytes;

    GIVES(OK, zeromq_socket_new_pair(&one, &other));
    items[0] = zeromq_value_int(-1), items[1] = zeromq_value_bytes("a\0\xff", 3);
    items[2] = zeromq_value_string("text"), items[3] = zeromq_value_array(&array);
    value = zeromq_value_dictionary(items, 4);
    GIVES(OK, zeromq_socket_send_value(one, &value, SOON));
    GIVES(OK, zeromq_socket_receive_value(other, &got, SOON));
    CHECK(zeromq_value_count(&got) == 2 && zeromq_value_key(&got, 0)->as.integer == -1);
    CHECK(zeromq_value_item(&got, 0)->kind == ZEROMQ_BYTES);
    GIVES(OK, zeromq_value_get_string(zeromq_value_item(&got, 0), &bytes));
    CHECK(bytes.size == 3 && memcmp(bytes.data, "a\0\xff", 3) == 0);
    const zeromq_value *third = zeromq_value_member(&got, "text");
    CHECK(third->kind == ZEROMQ_ARRAY && third->as.array->size == sizeof numbers);
    CHECK(third->as.array->dimensions == 1 && third->as.array->shape[0] == 3);
    CHECK(memcmp(third->as.array->data, numbers, sizeof numbers) == 0);
    GIVES(ARGUMENT, zeromq_socket_send_json(one, &value, 0));
    array.size = 1;
    GIVES(ARGUMENT, zeromq_socket_send_value(one, &value, 0));
    GIVES(OK, zeromq_socket_send(one, "\xc1", 1, SOON));
    GIVES(DECODE, zeromq_socket_receive_value(other, &got, SOON));
    zeromq_socket_free(one);
    zeromq_socket_free(other);
}

static void codecs(void) {
    zeromq_codec *codec = zeromq_codec_new();
    zeromq_value items[3], value, got;
    zeromq_slice bytes, again;

    items[0] = zeromq_value_int(1), items[1] = zeromq_value_string(NULL);
    items[2] = zeromq_value_list(NULL, 0);
    value = zeromq_value_list(items, 3);
    GIVES(OK, zeromq_codec_write(codec, ZEROMQ_JSON, &value, &bytes));
    CHECK(bytes.size == 11 && strcmp(bytes.data, "[1,null,[]]") == 0);
    /* What was read outlives what is written, and the other way round. */
    GIVES(OK, zeromq_codec_read(codec, ZEROMQ_JSON, bytes.data, bytes.size, &got));
    CHECK(strcmp(bytes.data, "[1,null,[]]") == 0 && zeromq_value_count(&got) == 3);
    GIVES(OK, zeromq_codec_write(codec, ZEROMQ_MESSAGE_PACK, &got, &again));
    CHECK(again.size == 4 && memcmp(again.data, "\x93\x01\xc0\x90", 4) == 0);
    CHECK(zeromq_value_item(&got, 2)->kind == ZEROMQ_LIST);
    GIVES(OK, zeromq_codec_read(codec, ZEROMQ_MESSAGE_PACK, again.data, again.size, &got));
    CHECK(zeromq_value_item(&got, 0)->as.integer == 1);
    GIVES(DECODE, zeromq_codec_read(codec, ZEROMQ_JSON, "", 0, &got));
    GIVES(DECODE, zeromq_codec_read(codec, ZEROMQ_JSON, NULL, 0, &got));
    GIVES(ARGUMENT, zeromq_codec_read(codec, 7, "1", 1, &got));
    GIVES(ARGUMENT, zeromq_codec_read(codec, ZEROMQ_JSON, NULL, 1, &got));
    GIVES(ARGUMENT, zeromq_codec_read(codec, ZEROMQ_JSON, "1", 1, NULL));
    GIVES(ARGUMENT, zeromq_codec_write(codec, 7, &value, &bytes));
    GIVES(ARGUMENT, zeromq_codec_write(codec, ZEROMQ_JSON, NULL, &bytes));
    GIVES(ARGUMENT, zeromq_codec_write(codec, ZEROMQ_JSON, &value, NULL));
    zeromq_codec_free(codec);
    zeromq_codec_free(codec);
    zeromq_codec_free(NULL);
    GIVES(CLOSED, zeromq_codec_write(codec, ZEROMQ_JSON, &value, &bytes));
    GIVES(ARGUMENT, zeromq_codec_write(NULL, ZEROMQ_JSON, &value, &bytes));
}

int main(void) {
    json();
    limits();
    message_pack();
    codecs();
    return zeromq_shutdown();
}
