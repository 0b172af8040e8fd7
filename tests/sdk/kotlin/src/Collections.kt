// Changes inside one property of an object: list, set, dictionary, counter, however deep.

import io.realm.kotlin.MutableRealm
import io.realm.kotlin.types.BaseRealmObject
import io.realm.kotlin.types.MutableRealmInt
import io.realm.kotlin.types.RealmAny
import io.realm.kotlin.types.RealmDictionary
import io.realm.kotlin.types.RealmList
import io.realm.kotlin.types.RealmSet
import kotlin.reflect.KType
import kotlin.reflect.typeOf
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long

/** A place inside an object: what is there, and the type of what it contains. */
private class Place(val value: Any?, val element: KType?)

/** Applies [change] to the collection at [path], whose first step is a property of [target]. */
fun collectionEdit(realm: MutableRealm, target: BaseRealmObject, path: JsonArray, change: String, edit: JsonObject) {
    val place = path.fold(Place(target, null)) { place, step -> place.step(step.jsonPrimitive) }
    val value = { fromJson(edit.getValue("value"), checkNotNull(place.element), realm) }
    @Suppress("UNCHECKED_CAST")
    when (val collection = place.value) {
        is MutableRealmInt -> collection.increment(edit.getValue("value").jsonPrimitive.long)
        is RealmDictionary<*> -> (collection as RealmDictionary<Any?>).change(change, edit, value)
        is RealmList<*> -> (collection as RealmList<Any?>).change(change, edit, value)
        is RealmSet<*> -> (collection as RealmSet<Any?>).change(change, value)
        else -> error("nothing to $change at $path")
    }
}

private fun RealmDictionary<Any?>.change(change: String, edit: JsonObject, value: () -> Any?) {
    val key = { edit.getValue("key").jsonPrimitive.content }
    when (change) {
        "put" -> put(key(), value())
        "remove" -> remove(key())
        "clear" -> clear()
        else -> error("a dictionary has no $change")
    }
}

private fun RealmList<Any?>.change(change: String, edit: JsonObject, value: () -> Any?) {
    val index = { edit.getValue("index").jsonPrimitive.int }
    when (change) {
        "push" -> add(value())
        "insert" -> add(index(), value())
        "put" -> set(index(), value())
        "erase" -> removeAt(index())
        "clear" -> clear()
        else -> error("a list has no $change")
    }
}

private fun RealmSet<Any?>.change(change: String, value: () -> Any?) {
    when (change) {
        "add" -> add(value())
        "remove" -> remove(value())
        "clear" -> clear()
        else -> error("a set has no $change")
    }
}

private fun Place.step(step: JsonPrimitive): Place = when (val here = open(value)) {
    is BaseRealmObject -> {
        val property = properties(here::class).getValue(step.content)
        Place(open(property.get(here)), property.returnType.arguments.lastOrNull()?.type ?: mixed)
    }
    is RealmDictionary<*> -> Place(open(here[step.content]), mixed)
    is RealmList<*> -> Place(open(here[step.int]), mixed)
    else -> error("no way to $step")
}

/** What is inside a mixed value that holds a collection; anything else is itself. */
private fun open(value: Any?): Any? = when ((value as? RealmAny)?.type) {
    RealmAny.Type.LIST -> value.asList()
    RealmAny.Type.DICTIONARY -> value.asDictionary()
    else -> value
}

private val mixed = typeOf<RealmAny?>()
